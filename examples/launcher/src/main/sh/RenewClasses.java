import static java.lang.classfile.ClassFile.JAVA_8_VERSION;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;

/**
 * Rewrites a library's classes of Java 5 as classes of Java 8, with the stack maps that those have. The JVM verifies
 * older classes again in each run and does not store them in its AOT cache: picocli, which is such a library, took more
 * time to load than everything else together.
 */
void main(String[] args) throws IOException {
    Path library = Path.of(args[0]);
    Path renewed = Path.of(args[0] + ".new");
    try (JarFile jar = new JarFile(library.toFile());
            URLClassLoader loader = new URLClassLoader(new URL[] {library.toUri().toURL()});
            OutputStream file = Files.newOutputStream(renewed);
            JarOutputStream out = new JarOutputStream(file)) {
        ClassFile classFile = ClassFile.of(
                StackMapsOption.GENERATE_STACK_MAPS,
                ClassHierarchyResolverOption.of(ClassHierarchyResolver.ofResourceParsing(loader)
                        .orElse(ClassHierarchyResolver.defaultResolver())));
        for (JarEntry entry : jar.stream().toList()) {
            byte[] content = jar.getInputStream(entry).readAllBytes();
            JarEntry copy = new JarEntry(entry.getName());
            copy.setTime(entry.getTime());
            out.putNextEntry(copy);
            out.write(entry.getName().endsWith(".class") ? renew(classFile, content) : content);
            out.closeEntry();
        }
    }
    Files.move(renewed, library, StandardCopyOption.REPLACE_EXISTING);
}

private static byte[] renew(ClassFile classFile, byte[] content) {
    ClassModel model = classFile.parse(content);
    if (model.majorVersion() >= JAVA_8_VERSION) {
        return content;
    }
    ClassTransform version = (builder, element) -> {
        if (element instanceof ClassFileVersion) {
            builder.withVersion(JAVA_8_VERSION, 0);
        } else {
            builder.with(element);
        }
    };
    return classFile.transformClass(
            model, version.andThen(ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)));
}
