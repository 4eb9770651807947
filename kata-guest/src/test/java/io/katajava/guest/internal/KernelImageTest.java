package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.katajava.compress.UnreadableFormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class KernelImageTest {
  private static final byte[] VMLINUX = FakeElf.vmlinux(true, 100_000);

  /** A bzImage with one setup sector, whose payload starts right after it. */
  static byte[] bzImage(byte[] payload) {
    ByteBuffer image = ByteBuffer.allocate(1024 + payload.length).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1f1, (byte) 1).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
    image.putShort(0x20e, (short) 0x100).putInt(0x248, 0).putInt(0x24c, payload.length);
    image.put(0x300, "6.1.0-test (someone@host) #1\0".getBytes(StandardCharsets.US_ASCII));
    return image.put(1024, payload).array();
  }

  static byte[] packed(String how, byte[] vmlinux) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    switch (how) {
      case "gzip" -> {
        try (OutputStream gzip = new GZIPOutputStream(out)) {
          gzip.write(vmlinux);
        }
        return out.toByteArray();
      }
      case "xz" -> {
        try (OutputStream xz = new XZOutputStream(out, new LZMA2Options(1))) {
          xz.write(vmlinux);
        }
      }
      case "zstd" -> {
        // As the kernel's build does it: the size is not known, the window is 128 MiB.
        try (ZstdOutputStreamNoFinalizer zstd = new ZstdOutputStreamNoFinalizer(out, 22)) {
          zstd.write(vmlinux);
        }
      }
      default -> {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        try (OutputStream lz4 = new BlockLZ4CompressorOutputStream(block)) {
          lz4.write(vmlinux);
        }
        out.writeBytes(littleEndian(0x184c2102));
        out.writeBytes(littleEndian(block.size()));
        block.writeTo(out);
      }
    }
    out.writeBytes(littleEndian(vmlinux.length));
    return out.toByteArray();
  }

  private static byte[] littleEndian(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "xz", "zstd", "lz4"})
  void vmlinux_knownCompression_isUnpacked(String how) throws IOException {
    KernelImage image = new KernelImage(bzImage(packed(how, VMLINUX)), "bzImage");

    assertThat(image.isBzImage()).isTrue();
    assertThat(image.vmlinux()).isEqualTo(VMLINUX);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "xz", "zstd", "lz4"})
  void vmlinux_damagedPayload_failsWithTheName(String how) throws IOException {
    byte[] payload = packed(how, VMLINUX);
    Arrays.fill(payload, 20, payload.length - 20, (byte) 0xa5);
    KernelImage image = new KernelImage(bzImage(payload), "bzImage");

    assertThatThrownBy(image::vmlinux)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("bzImage");
  }

  @Test
  void vmlinux_payloadOutsideTheFile_fails() throws IOException {
    byte[] bytes = bzImage(packed("gzip", VMLINUX));
    KernelImage image = new KernelImage(Arrays.copyOf(bytes, bytes.length - 10), "bzImage");

    assertThatThrownBy(image::vmlinux).hasMessageContaining("outside the file");
  }

  @Test
  void vmlinux_largerThanTheHeap_isUnreadableNotDamaged() throws IOException {
    byte[] payload = packed("xz", VMLINUX);
    System.arraycopy(littleEndian(500 << 20), 0, payload, payload.length - 4, 4);
    KernelImage image = new KernelImage(bzImage(payload), "bzImage");
    List<byte[]> heap = new ArrayList<>();
    try {
      while (true) {
        heap.add(new byte[64 << 20]);
      }
    } catch (OutOfMemoryError e) {
      // It is full.
      assertThatThrownBy(image::vmlinux)
          .isInstanceOf(UnreadableFormatException.class)
          .hasMessageContaining("Java's heap has no room for its 524288000 bytes");
    }
    assertThat(heap).isNotEmpty();
  }

  @Test
  void vmlinux_unknownCompression_saysSo() {
    byte[] payload = new byte[100];
    payload[96] = 100;
    KernelImage image = new KernelImage(bzImage(payload), "bzImage");

    assertThatThrownBy(image::vmlinux).hasMessageContaining("compression");
  }

  @Test
  void release_ofBothKinds_isRead() throws IOException {
    byte[] banner = "xxLinux version 6.6.1-kata (x) \0".getBytes(StandardCharsets.US_ASCII);
    ByteArrayOutputStream vmlinux = new ByteArrayOutputStream();
    vmlinux.writeBytes(VMLINUX);
    vmlinux.writeBytes(banner);

    assertThat(new KernelImage(bzImage(packed("gzip", VMLINUX)), "k").release())
        .contains("6.1.0-test");
    assertThat(new KernelImage(vmlinux.toByteArray(), "k").release()).contains("6.6.1-kata");
  }

  @Test
  void elf_pvhNote_isRecognised() throws IOException {
    assertThat(Elf.parse(FakeElf.vmlinux(true, 10), "k").hasPvhEntry()).isTrue();
    assertThat(Elf.parse(FakeElf.vmlinux(false, 10), "k").hasPvhEntry()).isFalse();
  }
}
