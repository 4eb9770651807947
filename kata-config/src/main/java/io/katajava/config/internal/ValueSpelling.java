package io.katajava.config.internal;

import io.katajava.config.Layout;
import io.katajava.config.Setting;
import java.util.List;
import java.util.Map;

/** Values that the two runtimes spell differently. */
final class ValueSpelling {
  private static final Map<String, String> DRIVER_TO_RUST =
      Map.of(
          "virtio-blk", "virtio-blk-pci",
          "virtio-mmio", "virtio-blk-mmio",
          "nvdimm", "virtio-pmem");
  private static final Map<String, String> DRIVER_TO_GO =
      Map.of(
          "virtio-blk-pci", "virtio-blk",
          "virtio-blk-mmio", "virtio-mmio",
          "virtio-pmem", "nvdimm");

  private ValueSpelling() {}

  static Object of(Setting setting, Layout layout, List<String> notes) {
    boolean toRust = layout == Layout.RUNTIME_RS;
    Object value = setting.value();
    String spelled =
        switch (setting.key().name()) {
          case "block_device_driver" ->
              (toRust ? DRIVER_TO_RUST : DRIVER_TO_GO).get(String.valueOf(value));
          case "shared_fs" ->
              toRust && value.equals("virtio-9p")
                  ? "none"
                  : !toRust && value.equals("inline-virtio-fs") ? "virtio-fs" : null;
          case "virtio_fs_cache" ->
              toRust && value.equals("metadata")
                  ? "never"
                  : !toRust && value.equals("none") ? "never" : null;
          case "internetworking_model" ->
              !toRust && value.equals("l3forwarding") ? "tcfilter" : null;
          case "cold_plug_vfio" ->
              toRust && (value.equals("bridge-port") || value.equals("switch-port"))
                  ? "root-port"
                  : null;
          default -> null;
        };
    if (spelled == null) {
      return value;
    }
    if (!setting.key().name().equals("block_device_driver")) {
      notes.add(
          setting.path()
              + " = "
              + setting.text()
              + " becomes \""
              + spelled
              + "\", the nearest there is");
    }
    return spelled;
  }
}
