package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;

class NewcWriterTest {

  private static byte[] sample() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    NewcWriter cpio = new NewcWriter(out);
    cpio.directory("dev", 0755);
    cpio.characterDevice("dev/console", 0600, 5, 1);
    cpio.file("init", 0755, new byte[] {1, 2, 3, 4, 5});
    cpio.symlink("bin", "usr/bin");
    cpio.directory("tmp", 01777);
    cpio.finish();
    return out.toByteArray();
  }

  private static List<CpioArchiveEntry> entries(byte[] archive) throws IOException {
    List<CpioArchiveEntry> entries = new ArrayList<>();
    try (CpioArchiveInputStream in =
        new CpioArchiveInputStream(new ByteArrayInputStream(archive))) {
      for (CpioArchiveEntry e = in.getNextEntry(); e != null; e = in.getNextEntry()) {
        entries.add(e);
      }
    }
    return entries;
  }

  @Test
  void archive_allKinds_isReadBackAsWritten() throws IOException {
    List<CpioArchiveEntry> entries = entries(sample());

    assertThat(entries)
        .extracting(CpioArchiveEntry::getName)
        .containsExactly("dev", "dev/console", "init", "bin", "tmp");
    assertThat(entries)
        .extracting(CpioArchiveEntry::getMode)
        .containsExactly(0040755L, 0020600L, 0100755L, 0120777L, 0041777L);
    assertThat(entries.get(1).getRemoteDeviceMaj()).isEqualTo(5);
    assertThat(entries.get(1).getRemoteDeviceMin()).isEqualTo(1);
    assertThat(entries).allSatisfy(entry -> assertThat(entry.getTime()).isZero());
    assertThat(entries).allSatisfy(entry -> assertThat(entry.getUID()).isZero());
    assertThat(entries).extracting(CpioArchiveEntry::getInode).doesNotHaveDuplicates();
  }

  @Test
  void archive_sameContentTwice_isSameBytes() throws IOException {
    assertThat(sample()).isEqualTo(sample());
    assertThat(sample().length % 512).isZero();
  }

  @Test
  void file_streamShorterThanAnnounced_fails() {
    NewcWriter cpio = new NewcWriter(new ByteArrayOutputStream());

    assertThatThrownBy(() -> cpio.file("a", 0644, 9, new ByteArrayInputStream(new byte[3])))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("9 bytes announced, 3 read");
  }

  @Test
  void path_absoluteOrEmpty_isRejected() {
    NewcWriter cpio = new NewcWriter(new ByteArrayOutputStream());

    assertThatThrownBy(() -> cpio.directory("/dev", 0755))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> cpio.directory("", 0755)).isInstanceOf(IllegalArgumentException.class);
  }

  @Property(tries = 100)
  void file_anyContent_isReadBack(@ForAll @Size(max = 300) byte[] first, @ForAll byte[] second)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    NewcWriter cpio = new NewcWriter(out);
    cpio.file("first", 0644, first);
    cpio.file("second", 0600, second.length, new ByteArrayInputStream(second));
    cpio.finish();

    try (CpioArchiveInputStream in =
        new CpioArchiveInputStream(new ByteArrayInputStream(out.toByteArray()))) {
      in.getNextEntry();
      assertThat(in.readAllBytes()).isEqualTo(first);
      in.getNextEntry();
      assertThat(in.readAllBytes()).isEqualTo(second);
      assertThat(in.getNextEntry()).isNull();
    }
  }
}
