package io.katajava.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * A report as one HTML file that needs nothing else: the data as JSON, plotted by Chart.js, which
 * is in the file.
 */
final class HtmlReport {
  private static final String POM = "/META-INF/maven/org.webjars.npm/chart.js/pom.properties";

  private HtmlReport() {}

  static void write(BenchReport report, Path file) throws IOException {
    String page = resource("report.html");
    Files.writeString(
        file,
        page.replace("%TITLE%", escaped(report.title()))
            .replace("%DATA%", report.toJson().toJson().replace("</", "<\\/"))
            .replace("%LIBRARY%", library()));
  }

  private static String library() throws IOException {
    Properties pom = new Properties();
    try (InputStream in = HtmlReport.class.getResourceAsStream(POM)) {
      if (in == null) {
        throw new IOException("Chart.js is not on the class path");
      }
      pom.load(in);
    }
    return resource(
        "/META-INF/resources/webjars/chart.js/"
            + pom.getProperty("version", "")
            + "/dist/chart.umd.js");
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
