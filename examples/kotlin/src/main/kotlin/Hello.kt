package io.katajava.examples.kotlin

import io.katajava.ExecOutcome
import io.katajava.Kata
import io.katajava.MemorySize
import java.time.Duration

/** What the guest says of itself, and how a command ended: outcomes are a sealed hierarchy. */
fun main() {
    Kata.create().use { kata ->
        kata.sandbox().memory(MemorySize.mebibytes(256)).start().use { sandbox ->
            print(sandbox.exec("uname", "-a").stdoutText())
            val result = sandbox.exec { it.command("sh", "-c", "exit 3").timeout(Duration.ofSeconds(60)) }
            val words = when (val outcome = result.outcome()) {
                is ExecOutcome.Exited -> "ended with ${outcome.code()}"
                is ExecOutcome.Signalled -> "was killed by signal ${outcome.signal()}"
                is ExecOutcome.TimedOut -> "took longer than ${outcome.after()}"
                is ExecOutcome.NotStarted -> "could not be started: ${outcome.errno()}"
                is ExecOutcome.VmLost -> "was lost: ${outcome.reason()}"
            }
            println("the command $words")
        }
    }
}
