package io.katajava.guest.internal;

import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.warned;

import io.katajava.Deadline;
import io.katajava.HostFinding;
import io.katajava.base.files.TreeRemoval;
import io.katajava.base.host.ProgramSearch;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether apt's archive answers for a package, without downloading it. */
final class DownloadCheck {
  private static final Pattern ADDRESS = Pattern.compile("^'(https?://[^' ]+)'", Pattern.MULTILINE);
  private static final int LAST_GOOD_STATUS = 399;

  private final String searchPath;
  private final Duration limit;

  DownloadCheck(String searchPath, Duration limit) {
    this.searchPath = searchPath;
    this.limit = limit;
  }

  HostFinding run(String name) throws InterruptedException {
    try {
      Optional<String> address = address(name);
      if (address.isEmpty()) {
        return unreachable("apt names no address for " + name);
      }
      int status = head(address.get());
      return status <= LAST_GOOD_STATUS
          ? passed(GuestChecks.GROUP, "download", "apt's archive has " + name)
          : unreachable("apt's archive answers " + status + " for " + name);
    } catch (IOException e) {
      return unreachable("apt's archive cannot be reached for " + name + ": " + e.getMessage());
    }
  }

  private Optional<String> address(String name) throws IOException, InterruptedException {
    Optional<Path> tool = ProgramSearch.onPath(searchPath).find("apt-get");
    if (tool.isEmpty()) {
      return Optional.empty();
    }
    Path work = Files.createTempDirectory("kata-apt");
    try {
      Command.Result printed =
          Command.run(
              work,
              Deadline.after(limit),
              List.of(tool.get().toString(), "download", "--print-uris", name));
      Matcher matcher = ADDRESS.matcher(printed.output());
      return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    } finally {
      TreeRemoval.of(work);
    }
  }

  private int head(String address) throws IOException {
    if (!(URI.create(address).toURL().openConnection() instanceof HttpURLConnection connection)) {
      throw new IOException(address + " is not an HTTP address");
    }
    try {
      connection.setRequestMethod("HEAD");
      connection.setConnectTimeout((int) limit.toMillis());
      connection.setReadTimeout((int) limit.toMillis());
      return connection.getResponseCode();
    } finally {
      connection.disconnect();
    }
  }

  private static HostFinding unreachable(String reason) {
    return warned(
        GuestChecks.GROUP,
        "download",
        reason,
        "Run 'apt-get update' as root and check the network; a proxy is configured for apt and for"
            + " Java separately");
  }
}
