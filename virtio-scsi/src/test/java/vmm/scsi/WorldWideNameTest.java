package vmm.scsi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vmm.scsi.WorldWideName.Authority;

class WorldWideNameTest {
    @ParameterizedTest
    @ValueSource(strings = {"5000c500A1B2C3D4", "0x5000c500a1b2c3d4", "naa.5000C500A1B2C3D4"})
    void namesComeInManyFormsAndAreKeptInOne(String text) {
        WorldWideName name = WorldWideName.parse(text);

        assertEquals("naa.5000c500a1b2c3d4", name.toString());
        assertEquals(OptionalLong.of(0x5000c500a1b2c3d4L), name.number());
        assertEquals(name, WorldWideName.naa(0x5000c500a1b2c3d4L));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"EUI.0011223344556677", "eui.00112233445566778899aabb", "eui.00112233445566778899aabbccddeeff"})
    void extendedUniqueIdentifiersAreOfThreeLengths(String text) {
        WorldWideName name = WorldWideName.parse(text);

        assertEquals(Authority.EUI_64, name.authority());
        assertEquals((text.length() - 4) / 2, name.designator().length);
    }

    @Test
    void whatIsNoNumberOfEightBytesHasNone() {
        assertEquals(
                OptionalLong.empty(),
                WorldWideName.parse("eui.5000c500a1b2c3d4").number());
        assertEquals(
                OptionalLong.empty(),
                WorldWideName.parse("600140512345678900000000deadbeef").number());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "wwn",
                "5000c500a1b2c3d",
                "0000c500a1b2c3d4",
                "5000c500a1b2c3dg",
                "6000c500a1b2c3d4",
                "eui.",
                "eui.001122334455667",
                "eui.0x11223344556677",
                "0xeui.0011223344556677"
            })
    void whatIsNoWorldWideNameIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> WorldWideName.parse(text));
    }
}
