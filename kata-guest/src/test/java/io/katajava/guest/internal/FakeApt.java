package io.katajava.guest.internal;

import java.io.IOException;
import java.nio.file.Path;

/** Answers of apt-cache and apt-get for the packages it was given, and "unknown" for all others. */
final class FakeApt {
  private final StringBuilder shows = new StringBuilder();
  private final StringBuilder gets = new StringBuilder();

  /**
   * Adds a package.
   *
   * @param name as apt is asked for it, with {@code :arm64} where it is of another architecture
   * @param version of the package
   * @param relations whole lines of its record, such as {@code Depends: x (= 1)}; may be empty
   */
  FakeApt add(String name, String version, String relations, Path deb) throws IOException {
    String plain = name.replaceAll(":.*", "");
    String architecture = name.contains(":") ? name.substring(plain.length() + 1) : "amd64";
    shows.append(
        """
        %s)
        cat <<'END'
        Package: %s
        Version: %s
        Architecture: %s
        %s
        Description: folded
         Depends: nothing
        Size: 1000
        SHA256: %s

        END
        ;;
        """
            .formatted(name, plain, version, architecture, relations, Digests.of(deb))
            .replaceAll("(?m)^\\s*\\n(?=Description)", ""));
    gets.append("%s=%s) /bin/cp %s ./%s.deb ;;\n".formatted(name, version, deb, plain));
    return this;
  }

  String cacheScript() {
    return """
        [ "$1" = show ] || exit 9
        for name; do :; done
        cat() { while IFS= read -r line; do printf '%%s\\n' "$line"; done; }
        case $name in
        %s
        *) echo "N: Unable to locate package $name" >&2; exit 100 ;;
        esac
        """
        .formatted(shows);
  }

  String getScript(Path log) {
    return """
        [ "$1" = download ] || exit 9
        for name; do :; done
        echo "$name" >>%s
        case $name in
        %s
        *) echo "E: Version of $name was not found" >&2; exit 100 ;;
        esac
        """
        .formatted(log, gets);
  }
}
