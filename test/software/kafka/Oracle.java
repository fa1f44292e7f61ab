import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import kafka.log.UnifiedLog;
import kafka.server.BrokerTopicStats;
import kafka.tools.DumpLogSegments;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.util.Scheduler;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogOffsetsListener;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;

/**
 * Opens partition directories with the real UnifiedLog, and dumps them with the real DumpLogSegments, one JSON line each.
 *
 * <p>Arguments: a file of jobs and a file for the answers. A job is {@code id TAB directory TAB recoveryPoint TAB
 * logStartOffset TAB hadCleanShutdown TAB nowMillis TAB k=v;k=v TAB damaged|whole}. DumpLogSegments reads a whole
 * directory first, with all its records; then it is recovered in place and closed as at a clean stop.
 */
public class Oracle {
  public static void main(String[] args) throws Exception {
    try (PrintWriter out = new PrintWriter(args[1], StandardCharsets.UTF_8)) {
      for (String job : Files.readAllLines(Path.of(args[0]))) {
        out.println(answer(job.split("\t", -1)));
        out.flush();
      }
    }
    Runtime.getRuntime().halt(0);
  }

  static String answer(String[] job) throws Exception {
    File directory = new File(job[1]);
    Json json = new Json().put("id", quoted(job[0]));
    try {
      if (!isDamaged(job)) json.put("dumped", dumped(directory));
    } catch (Throwable failure) {
      // Deep iteration unpacks a batch whose checksum is wrong, and a codec may refuse what it finds.
      json.put("dumpError", quoted(failure.toString()));
    }
    try {
      open(job, directory, json);
    } catch (Throwable failure) {
      json.put("error", quoted(failure.toString()));
    }
    return json.put("files", files(directory)).toString();
  }

  /** Records of a damaged directory are not to be had, and where its segments stand shows in its files. */
  static boolean isDamaged(String[] job) {
    return job[7].equals("damaged");
  }

  static void open(String[] job, File directory, Json json) throws Exception {
    Map<String, String> settings = new HashMap<>();
    for (String setting : job[6].split(";")) settings.put(setting.split("=")[0], setting.split("=")[1]);
    Later later = new Later();
    UnifiedLog log = UnifiedLog.apply(
        directory, new LogConfig(settings), Long.parseLong(job[3]), Long.parseLong(job[2]), later,
        new BrokerTopicStats(false), new Standing(Long.parseLong(job[5])), 300_000,
        new ProducerStateManagerConfig(86_400_000, false), 600_000, new LogDirFailureChannel(1), job[4].equals("true"),
        scala.Option.<Uuid>empty(), true, new ConcurrentHashMap<>(), false, LogOffsetsListener.NO_OP_OFFSETS_LISTENER);
    json.put("logStartOffset", log.logStartOffset()).put("logEndOffset", log.logEndOffset());
    json.put("recoveryPoint", log.recoveryPoint());
    TreeMap<Integer, Long> epochs = new TreeMap<>();
    log.leaderEpochCache().get().epochEntries().forEach(entry -> epochs.put(entry.epoch, entry.startOffset));
    json.put("leaderEpochs", list(epochs.entrySet(), entry -> "[" + entry.getKey() + "," + entry.getValue() + "]"));
    json.put("producers", producers(log));
    if (!isDamaged(job)) json.put("segments", segments(log));
    later.run();
    log.flush(true);
    log.close();
  }

  static String producers(UnifiedLog log) {
    var sorted = new TreeMap<>(log.producerStateManager().activeProducers());
    return list(sorted.values(), producer -> new Json()
        .put("producerId", producer.producerId()).put("producerEpoch", producer.producerEpoch())
        .put("coordinatorEpoch", producer.coordinatorEpoch()).put("lastTimestamp", producer.lastTimestamp())
        .put("currentTxnFirstOffset",
            producer.currentTxnFirstOffset().isPresent() ? producer.currentTxnFirstOffset().getAsLong() : "null")
        .put("batches", list(producer.batchMetadata(), batch ->
            "[" + batch.firstSeq() + "," + batch.lastSeq + "," + batch.firstOffset() + "," + batch.lastOffset + "]"))
        .toString());
  }

  static String segments(UnifiedLog log) {
    return list(log.logSegments(), segment -> new Json()
        .put("baseOffset", segment.baseOffset()).put("size", segment.size())
        .put("batches", list(segment.log().batches(), batch -> new Json()
            .put("position", batch.position()).put("size", batch.sizeInBytes())
            .put("baseOffset", batch.baseOffset()).put("lastOffset", batch.lastOffset())
            .put("leaderEpoch", batch.partitionLeaderEpoch()).put("magic", batch.magic())
            .put("crc", batch.checksum()).put("compression", quoted(batch.compressionType().name))
            .put("timestampType", quoted(batch.timestampType().name))
            .put("isTransactional", batch.isTransactional()).put("isControl", batch.isControlBatch())
            .put("deleteHorizonMs", batch.deleteHorizonMs().isPresent() ? batch.deleteHorizonMs().getAsLong() : "null")
            .put("maxTimestamp", batch.maxTimestamp()).put("producerId", batch.producerId())
            .put("producerEpoch", batch.producerEpoch()).put("baseSequence", batch.baseSequence())
            .put("lastSequence", batch.lastSequence()).put("count", batch.countOrNull())
            .put("records", list(batch, Oracle::record)).toString()))
        .toString());
  }

  static String record(Record record) {
    return new Json()
        .put("offset", record.offset()).put("timestamp", record.timestamp()).put("sequence", record.sequence())
        .put("key", base64(record.hasKey() ? record.key() : null))
        .put("valueLength", record.hasValue() ? record.valueSize() : -1)
        .put("valueSha256", record.hasValue() ? quoted(sha256(bytes(record.value()))) : "null")
        .put("headers", list(Arrays.asList(record.headers()), header -> "[" + quoted(header.key()) + ","
            + base64(header.value() == null ? null : ByteBuffer.wrap(header.value())) + "]"))
        .toString();
  }

  /** What DumpLogSegments prints of each log file: the lines of its batches and records, as they are. */
  static String dumped(File directory) throws Exception {
    File[] logs = directory.listFiles((folder, name) -> name.endsWith(".log"));
    Arrays.sort(logs);
    PrintStream before = System.out;
    return list(Arrays.asList(logs), log -> {
      ByteArrayOutputStream printed = new ByteArrayOutputStream();
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      try {
        scala.Console.withOut(printed, () -> {
          DumpLogSegments.main(new String[] {"--deep-iteration", "--files", log.getPath()});
          return null;
        });
      } finally {
        System.setOut(before);
      }
      return list(printed.toString(StandardCharsets.UTF_8).lines()
          .filter(line -> line.contains("baseOffset: ") || line.startsWith("|")).toList(), Oracle::quoted);
    });
  }

  static String files(File directory) throws Exception {
    File[] files = directory.listFiles();
    Arrays.sort(files);
    List<String> told = new ArrayList<>();
    for (File file : files) {
      byte[] content = Files.readAllBytes(file.toPath());
      told.add("[" + quoted(file.getName()) + "," + content.length + "," + quoted(sha256(content)) + "]");
    }
    return "[" + String.join(",", told) + "]";
  }

  /** A clock that stands still. */
  record Standing(long now) implements Time {
    public long milliseconds() {
      return now;
    }

    public long nanoseconds() {
      return now * 1_000_000;
    }

    public void sleep(long millis) {}

    public void waitObject(Object object, Supplier<Boolean> condition, long deadline) {
      throw new UnsupportedOperationException();
    }
  }

  /** Keeps what is due at once until it is told to run it; what has a delay is never due. */
  static class Later implements Scheduler {
    final Deque<Runnable> due = new ArrayDeque<>();

    void run() {
      while (!due.isEmpty()) due.poll().run();
    }

    public void startup() {}

    public void shutdown() {}

    public void resizeThreadPool(int size) {}

    public ScheduledFuture<?> schedule(String name, Runnable task, long delay, long period) {
      if (delay <= 0 && period < 0) due.add(task);
      return new Unwatched();
    }
  }

  static class Unwatched extends FutureTask<Object> implements ScheduledFuture<Object> {
    Unwatched() {
      super(() -> null);
    }

    public long getDelay(TimeUnit unit) {
      return Long.MAX_VALUE;
    }

    public int compareTo(Delayed other) {
      return 0;
    }
  }

  static class Json {
    private final List<String> fields = new ArrayList<>();

    Json put(String name, Object value) {
      fields.add(quoted(name) + ":" + value);
      return this;
    }

    @Override
    public String toString() {
      return "{" + String.join(",", fields) + "}";
    }
  }

  interface Tell<A> {
    String tell(A one);
  }

  static <A> String list(Iterable<? extends A> all, Tell<A> tell) {
    List<String> told = new ArrayList<>();
    for (A one : all) told.add(tell.tell(one));
    return "[" + String.join(",", told) + "]";
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] copy = new byte[buffer.remaining()];
    buffer.duplicate().get(copy);
    return copy;
  }

  static String base64(ByteBuffer buffer) {
    return buffer == null ? "null" : quoted(Base64.getEncoder().encodeToString(bytes(buffer)));
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (java.security.NoSuchAlgorithmException impossible) {
      throw new AssertionError(impossible);
    }
  }

  static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') json.append('\\').append(c);
      else if (c < 32) json.append(String.format("\\u%04x", (int) c));
      else json.append(c);
    }
    return json.append('"').toString();
  }
}
