package io.katajava.config.internal;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** The description of a verified image, as {@code kernel_verity_params} has it. */
public final class VerityText {
  public static final String DESCRIPTION =
      "root_hash=, salt=, data_blocks=, data_block_size= and hash_block_size=, separated by"
          + " commas; block sizes are multiples of 512";

  private static final List<String> NUMBERS =
      List.of("data_blocks", "data_block_size", "hash_block_size");
  private static final Pattern HEX = Pattern.compile("([0-9a-fA-F]{2})+");
  private static final Pattern NUMBER = Pattern.compile("[1-9]\\d{0,17}");

  private VerityText() {}

  public static boolean isComplete(String text) {
    return parse(text).isPresent();
  }

  public static Optional<Map<String, String>> parse(String text) {
    Map<String, String> fields = new LinkedHashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      if (equals < 0) {
        return Optional.empty();
      }
      fields.put(part.substring(0, equals).strip(), part.substring(equals + 1).strip());
    }
    boolean complete =
        HEX.matcher(fields.getOrDefault("root_hash", "")).matches()
            && HEX.matcher(fields.getOrDefault("salt", "")).matches()
            && NUMBERS.stream()
                .allMatch(name -> NUMBER.matcher(fields.getOrDefault(name, "")).matches())
            && Long.parseLong(fields.getOrDefault("data_block_size", "1")) % 512 == 0
            && Long.parseLong(fields.getOrDefault("hash_block_size", "1")) % 512 == 0;
    return complete ? Optional.of(fields) : Optional.empty();
  }

  /** The device mapper's table for the whole image behind a block device, hashes at its end. */
  public static String deviceMapperTable(Map<String, String> fields, String data, String hashes) {
    long blocks = Long.parseLong(fields.getOrDefault("data_blocks", "0"));
    long size = Long.parseLong(fields.getOrDefault("data_block_size", "0"));
    return "dm-verity,,,ro,0 "
        + blocks * (size / 512)
        + " verity 1 "
        + data
        + " "
        + hashes
        + " "
        + size
        + " "
        + fields.get("hash_block_size")
        + " "
        + blocks
        + " 0 sha256 "
        + fields.get("root_hash")
        + " "
        + fields.get("salt");
  }
}
