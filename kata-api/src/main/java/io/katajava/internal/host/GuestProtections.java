package io.katajava.internal.host;

import io.katajava.spi.HostView;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** Confidential-guest techniques the host's kernel offers, by Kata's names of them. */
final class GuestProtections {
  private GuestProtections() {}

  static List<String> of(HostView host) {
    List<String> found = new ArrayList<>();
    switch (host.architecture()) {
      case "x86_64" -> {
        addIfOn(found, host, "tdx", "/sys/module/kvm_intel/parameters/tdx");
        addIfOn(found, host, "sev", "/sys/module/kvm_amd/parameters/sev");
        addIfOn(found, host, "snp", "/sys/module/kvm_amd/parameters/sev_snp");
      }
      case "ppc64" -> {
        if (Files.isDirectory(host.path("/sys/firmware/ultravisor"))) {
          found.add("pef");
        }
      }
      case "s390x" -> {
        boolean asked =
            host.text("/proc/cmdline").orElse("").matches("(?s).*\\bprot_virt=(1|on|y|Y)\\b.*");
        if (asked && Files.isDirectory(host.path("/sys/firmware/uv"))) {
          found.add("se");
        }
      }
      default -> {
        // None is known there.
      }
    }
    return found;
  }

  private static void addIfOn(List<String> found, HostView host, String name, String parameter) {
    String value = host.text(parameter).map(String::strip).orElse("");
    if (value.equals("Y") || value.equals("1")) {
      found.add(name);
    }
  }
}
