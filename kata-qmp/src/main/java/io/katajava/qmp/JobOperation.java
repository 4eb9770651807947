package io.katajava.qmp;

import io.katajava.json.JsonObject;
import io.katajava.qmp.command.JobDismiss;
import io.katajava.qmp.command.QueryJobs;
import io.katajava.qmp.event.BlockJobCancelledEvent;
import io.katajava.qmp.event.BlockJobCompletedEvent;
import io.katajava.qmp.event.JobStatusChangeEvent;
import io.katajava.qmp.type.JobInfo;
import io.katajava.qmp.type.JobStatus;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A job is concluded, then dismissed: by itself (block jobs, unless told otherwise) or by
 * job-dismiss. Of a job that dismissed itself only the block job's own event, which comes before,
 * knows the error.
 */
final class JobOperation {
  private final QmpEngine engine;
  private final String id;

  /** Written and read by whoever takes the events, one thread after the other. */
  private volatile @Nullable JobInfo lastWords;

  JobOperation(QmpEngine engine, String id) {
    this.engine = engine;
    this.id = id;
  }

  CompletableFuture<JobInfo> start(QmpCommand<?> command, Duration timeout) {
    long deadline = QmpEngine.deadline(timeout);
    String what = "that job " + id + " is concluded";
    EventQueue<QmpEvent> queue =
        engine.subscribe(
            what,
            EventQueue.wanted(
                Set.of(
                    JobStatusChangeEvent.NAME,
                    BlockJobCompletedEvent.NAME,
                    BlockJobCancelledEvent.NAME)),
            this::isConcluded);
    CompletableFuture<QmpEvent> outcome = engine.await(queue, what, timeout);
    engine
        .executeAsync(command, timeout)
        .whenComplete(
            (done, failure) -> {
              if (failure != null) {
                outcome.completeExceptionally(failure);
              }
            });
    return outcome.thenCompose(
        event -> {
          Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
          return engine.executeAsync(new QueryJobs(), left).thenApply(this::result);
        });
  }

  private boolean isConcluded(QmpEvent event) {
    if (event instanceof BlockJobCompletedEvent done && done.device().equals(id)) {
      lastWords =
          new JobInfo(
              id,
              done.type(),
              JobStatus.CONCLUDED,
              done.offset(),
              done.len(),
              done.error(),
              JsonObject.EMPTY);
    } else if (event instanceof BlockJobCancelledEvent gone && gone.device().equals(id)) {
      lastWords =
          new JobInfo(
              id,
              gone.type(),
              JobStatus.CONCLUDED,
              gone.offset(),
              gone.len(),
              "cancelled",
              JsonObject.EMPTY);
    }
    return event instanceof JobStatusChangeEvent change
        && change.id().equals(id)
        && (change.status().equals(JobStatus.CONCLUDED) || change.status().equals(JobStatus.NULL));
  }

  private JobInfo result(List<JobInfo> jobs) {
    JobInfo job = lastWords;
    for (JobInfo listed : jobs) {
      if (listed.id().equals(id) && listed.status().equals(JobStatus.CONCLUDED)) {
        job = listed;
        engine.executeAsync(new JobDismiss(id), engine.options().callTimeout());
      }
    }
    if (job == null) {
      throw new QmpOperationException(
          "job " + id + " was concluded, but somebody else dismissed it with its outcome", null);
    }
    if (job.error() != null) {
      throw new QmpOperationException("job " + id + " failed: " + job.error(), null);
    }
    return job;
  }
}
