package io.katajava.guest;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.Arrays;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** Runs test classes where there is no build tool, and tells the result line by line. */
final class InGuestTests {
  static final String PASSED = "IN-GUEST passed: ";
  static final String SUMMARY = "IN-GUEST summary: ";

  private InGuestTests() {}

  /**
   * Runs tests.
   *
   * @param classes their names
   */
  public static void main(String[] classes) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(classes).map(name -> selectClass(name)).toList())
            .build();
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    TestExecutionListener lines =
        new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            result.getThrowable().ifPresent(Throwable::printStackTrace);
            if (test.isTest() && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
              System.out.println(PASSED + test.getDisplayName());
            }
          }
        };
    LauncherFactory.create().execute(request, summary, lines);
    System.out.println(
        SUMMARY
            + summary.getSummary().getTestsSucceededCount()
            + " of "
            + summary.getSummary().getTestsFoundCount()
            + " passed, "
            + summary.getSummary().getTotalFailureCount()
            + " failures");
    System.exit(0);
  }
}
