package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.qemu.Accelerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceleratorChoiceTest {
  @TempDir Path directory;

  private AcceleratorChoice choice(String flags, String architecture) throws IOException {
    Path device = Files.writeString(directory.resolve("kvm"), "");
    Path cpus =
        Files.writeString(
            directory.resolve("cpuinfo"), "processor : 0\nflags\t\t: " + flags + "\n");
    return AcceleratorChoice.of(Accelerator.AUTO, device, cpus, architecture);
  }

  @ParameterizedTest
  @CsvSource({
    "fpu vmx sse, amd64, true",
    "fpu svm sse, amd64, true",
    "fpu sse, amd64, false",
    "fpu svm_lock vmxon, amd64, false",
    "fpu, aarch64, true"
  })
  void auto_deviceOpens_dependsOnWhatTheCpuShows(String flags, String architecture, boolean kvm)
      throws IOException {
    assertThat(choice(flags, architecture).kvm()).isEqualTo(kvm);
  }

  @Test
  void auto_deviceMissing_saysSo() {
    AcceleratorChoice choice =
        AcceleratorChoice.of(
            Accelerator.AUTO, directory.resolve("none"), directory.resolve("x"), "amd64");

    assertThat(choice.kvm()).isFalse();
    assertThat(choice.why()).contains("there is no").contains("none");
  }

  @Test
  void asked_isNotQuestioned() {
    Path none = directory.resolve("none");

    assertThat(AcceleratorChoice.of(Accelerator.KVM, none, none, "amd64").kvm()).isTrue();
    assertThat(AcceleratorChoice.of(Accelerator.TCG, none, none, "amd64").kvm()).isFalse();
  }
}
