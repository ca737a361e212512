package vmm.domain;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.jspecify.annotations.Nullable;
import vmm.linux.HostException;
import vmm.machine.ConfigurationException;

/**
 * Reads a description that anybody may have written. It needs no other file and no network: document types and entities
 * are refused, and so is what is larger than any machine's description.
 */
final class XmlReader {
    /** The most bytes of a description. */
    static final int MOST_BYTES = 16 << 20;

    /** The most elements of a description; 10,000 disks have fewer. */
    static final int MOST_ELEMENTS = 250_000;

    /** How deep elements may be in each other. */
    static final int DEEPEST = 64;

    private static final String BYTE_ORDER_MARK = "\ufeff";

    private final String document;
    private final Deque<XmlElement> open = new ArrayDeque<>();
    private @Nullable XmlElement root;
    private int elements;

    private XmlReader(String document) {
        this.document = document;
    }

    private static XMLInputFactory factory() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, true);
        factory.setXMLResolver((publicId, systemId, base, namespace) -> {
            throw new XMLStreamException("it refers to another document");
        });
        return factory;
    }

    /**
     * The contents of a file.
     *
     * @throws HostException if it cannot be read
     * @throws ConfigurationException if it is too large
     */
    static byte[] bytes(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MOST_BYTES + 1);
            if (bytes.length > MOST_BYTES) {
                throw tooLarge(file.toString());
            }
            return bytes;
        } catch (IOException e) {
            throw new HostException(
                    "The description " + file + " cannot be read (" + e.getMessage() + "): correct the path.", e);
        }
    }

    private static ConfigurationException tooLarge(String document) {
        return new ConfigurationException(document + " is larger than a description of a machine can be ("
                + (MOST_BYTES >> 20) + " MiB, " + MOST_ELEMENTS + " elements); make it smaller.");
    }

    /**
     * The outermost element.
     *
     * @param document what the user calls it, for sentences
     * @throws ConfigurationException if it is no XML, or more than a description needs
     */
    static XmlElement read(String document, byte[] xml) {
        if (xml.length > MOST_BYTES) {
            throw tooLarge(document);
        }
        XmlReader reader = new XmlReader(document);
        try {
            return reader.read(factory().createXMLStreamReader(new StringReader(text(document, xml))));
        } catch (XMLStreamException e) {
            if (reader.root != null && reader.open.isEmpty()) {
                throw new ConfigurationException(document + ", line "
                        + e.getLocation().getLineNumber() + " goes on behind the end of <" + reader.root.name()
                        + ">; leave one description in it (of an installation virt-install prints one for each step:"
                        + " take --print-xml 1 or --print-xml 2).");
            }
            throw new ConfigurationException(
                    document + ", line " + e.getLocation().getLineNumber() + " is no XML ("
                            + XmlElement.shown(firstLine(e)) + "); correct it.");
        }
    }

    /** libvirt writes UTF-8, and so does whoever writes for it. */
    private static String text(String document, byte[] xml) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(xml))
                    .toString();
            return text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text;
        } catch (CharacterCodingException e) {
            throw new ConfigurationException(document + " is no text in UTF-8; convert it.");
        }
    }

    private static String firstLine(XMLStreamException e) {
        String message = String.valueOf(e.getMessage());
        // The parser puts the place before, which the sentence has already.
        int start = message.lastIndexOf("Message: ");
        String plain = start < 0 ? message : message.substring(start + "Message: ".length());
        return plain.lines().findFirst().orElse("").replaceAll("\\.$", "");
    }

    private XmlElement read(XMLStreamReader reader) throws XMLStreamException {
        while (reader.hasNext()) {
            switch (reader.next()) {
                case XMLStreamConstants.START_ELEMENT -> {
                    XmlElement element = element(reader);
                    if (open.isEmpty()) {
                        root = element;
                    } else {
                        open.element().add(element);
                    }
                    open.push(element);
                }
                case XMLStreamConstants.END_ELEMENT -> open.pop();
                case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
                    if (!open.isEmpty()) {
                        open.element().add(reader.getText());
                    }
                }
                case XMLStreamConstants.DTD, XMLStreamConstants.ENTITY_REFERENCE ->
                    throw refused(reader, "has a document type or entity, which no description of a machine needs");
                default -> {
                    // Comments and the like say nothing to us.
                }
            }
        }
        if (root == null) {
            throw refused(reader, "ends without an element");
        }
        return root;
    }

    private XmlElement element(XMLStreamReader reader) {
        if (++elements > MOST_ELEMENTS) {
            throw tooLarge(document);
        }
        if (open.size() >= DEEPEST) {
            throw refused(reader, "has more than " + DEEPEST + " elements in each other");
        }
        XmlElement element = new XmlElement(
                document,
                name(reader.getPrefix(), reader.getLocalName()),
                reader.getLocation().getLineNumber());
        for (int i = 0; i < reader.getAttributeCount(); i++) {
            element.put(
                    name(reader.getAttributePrefix(i), reader.getAttributeLocalName(i)), reader.getAttributeValue(i));
        }
        return element;
    }

    private static String name(String prefix, String local) {
        return prefix == null || prefix.isEmpty() ? local : prefix + ":" + local;
    }

    private ConfigurationException refused(XMLStreamReader reader, String why) {
        return new ConfigurationException(
                document + ", line " + reader.getLocation().getLineNumber() + " " + why + "; correct it.");
    }
}
