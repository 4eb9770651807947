package io.katajava.internal.net;

/**
 * Asks the host's resolver, where nothing but a loopback is there, and says what it said. With
 * {@code served} there is a name server.
 */
@SuppressWarnings("SystemOut")
final class ResolverVictim {
  private static final int DNS = 53;

  private ResolverVictim() {}

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("served")) {
      try (ScriptedNameServer server = new ScriptedNameServer(DNS)) {
        server
            .says("one.example", DnsMessage.OK, "192.0.2.55", "2001:db8::55")
            .says("none.example", DnsMessage.OK)
            .says("no.example", DnsMessage.NO_SUCH_NAME)
            .says("broken.example", DnsMessage.SERVER_FAILURE)
            .alias("alias.example", "one.example");
        ask("one.example", "none.example", "no.example", "broken.example", "alias.example");
      }
    } else {
      ask("temporary.example", "localhost");
    }
    System.exit(0);
  }

  private static void ask(String... names) {
    for (String name : names) {
      HostResolver.Answer answer = HostResolver.ask(name);
      System.out.println(
          name
              + "="
              + answer.outcome()
              + " "
              + answer.addresses().stream().distinct().sorted(ResolverVictim::compare).toList()
              + " "
              + answer.canonicalName().orElse(""));
    }
  }

  private static int compare(Ip one, Ip other) {
    return one.toString().compareTo(other.toString());
  }
}
