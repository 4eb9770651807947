package io.katajava.agent.testing;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The fake agent behaves like the real ones. */
class FakeAgentContractTest extends TtrpcContract {
  private @Nullable FakeAgent agent;

  @Override
  protected Target startAgent(Path directory) throws IOException {
    FakeAgent started = FakeAgent.listenIn(directory);
    agent = started;
    return new Target(started.address(), "/");
  }

  @Override
  protected void stopAgent() {
    if (agent != null) {
      agent.close();
    }
  }
}
