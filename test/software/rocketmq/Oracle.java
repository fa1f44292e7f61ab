import java.io.File;
import java.io.PrintWriter;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.rocketmq.common.BrokerConfig;
import org.apache.rocketmq.common.MixAll;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.store.ConsumeQueue;
import org.apache.rocketmq.store.DefaultMessageStore;
import org.apache.rocketmq.store.MessageArrivingListener;
import org.apache.rocketmq.store.QueryMessageResult;
import org.apache.rocketmq.store.SelectMappedBufferResult;
import org.apache.rocketmq.store.config.MessageStoreConfig;
import org.apache.rocketmq.store.stats.BrokerStatsManager;

/**
 * Opens directories with the real DefaultMessageStore and says what it finds, one JSON line each.
 *
 * <p>Arguments: a file of jobs and a file for the answers. A job is {@code id TAB directory TAB k=v;k=v TAB topic#key;...}:
 * settings of the store, then what to ask the index for. The directory is recovered in place.
 */
public class Oracle {
  public static void main(String[] args) throws Exception {
    try (PrintWriter out = new PrintWriter(args[1], StandardCharsets.UTF_8)) {
      for (String job : Files.readAllLines(Path.of(args[0]))) {
        out.println(answer(job.split("\t", -1)));
        out.flush();
      }
    }
    // Stores are not shut down: each would take seconds, and nothing they hold is wanted any more.
    Runtime.getRuntime().halt(0);
  }

  static DefaultMessageStore store(String directory, String settings) throws Exception {
    MessageStoreConfig config = new MessageStoreConfig();
    Properties properties = new Properties();
    for (String setting : settings.split(";")) properties.put(setting.split("=")[0], setting.split("=")[1]);
    MixAll.properties2Object(properties, config);
    config.setStorePathRootDir(directory);
    config.setStorePathCommitLog(directory + "/commitlog");
    config.setHaListenPort(0); // any that is free: other runs may hold any fixed one
    MessageArrivingListener nobody = (topic, queue, offset, tags, time, bits, map) -> { };
    var constructor = DefaultMessageStore.class.getConstructors()[0];
    BrokerStatsManager stats = new BrokerStatsManager("oracle", false);
    // 5.x takes the table of topics too.
    return (DefaultMessageStore) (constructor.getParameterCount() == 4
        ? constructor.newInstance(config, stats, nobody, new BrokerConfig())
        : constructor.newInstance(config, stats, nobody, new BrokerConfig(), new ConcurrentHashMap<>()));
  }

  static String answer(String[] job) {
    StringBuilder json = new StringBuilder("{\"id\":" + quote(job[0]));
    try {
      DefaultMessageStore store = store(job[1], job[2]);
      boolean loaded = store.load();
      json.append(",\"load\":").append(loaded);
      if (loaded) {
        store.start();
        json.append(",\"minPhyOffset\":").append(store.getMinPhyOffset());
        json.append(",\"maxPhyOffset\":").append(store.getMaxPhyOffset());
        json.append(",\"queues\":").append(queues(store));
        json.append(",\"keys\":").append(keys(store, job[3]));
      }
    } catch (Throwable thrown) {
      json.append(",\"exception\":").append(quote(thrown.toString()));
    }
    return json.append("}").toString();
  }

  static List<String> queues(DefaultMessageStore store) throws Exception {
    List<String> all = new ArrayList<>();
    for (var topic : new TreeMap<>(store.getConsumeQueueTable()).entrySet()) {
      for (var each : new TreeMap<>(topic.getValue()).entrySet()) {
        ConsumeQueue queue = (ConsumeQueue) (Object) each.getValue();
        long max = queue.getMaxOffsetInQueue();
        if (max == 0) continue;
        List<String> entries = new ArrayList<>();
        for (long n = queue.getMinOffsetInQueue(); n < max; n++) entries.add(entry(store, queue, n));
        all.add("{\"topic\":" + quote(topic.getKey()) + ",\"queueId\":" + each.getKey() + ",\"minOffset\":"
            + queue.getMinOffsetInQueue() + ",\"maxOffset\":" + max + ",\"entries\":" + entries + "}");
      }
    }
    return all;
  }

  static String entry(DefaultMessageStore store, ConsumeQueue queue, long n) throws Exception {
    SelectMappedBufferResult buffer = queue.getIndexBuffer(n);
    if (buffer == null) return "null";
    ByteBuffer bytes = buffer.getByteBuffer();
    long offset = bytes.getLong();
    int size = bytes.getInt();
    long tagsCode = bytes.getLong();
    buffer.release();
    MessageExt message = store.lookMessageByOffset(offset, size);
    String place = "{\"queueOffset\":" + n + ",\"physicalOffset\":" + offset + ",\"size\":" + size + ",\"tagsCode\":" + tagsCode;
    return message == null ? place + "}" : place + fields(message) + "}";
  }

  static String fields(MessageExt message) throws Exception {
    List<String> properties = new ArrayList<>();
    for (Map.Entry<String, String> property : new TreeMap<>(message.getProperties()).entrySet()) {
      properties.add(quote(property.getKey()) + ":" + quote(property.getValue()));
    }
    byte[] body = message.getBody() == null ? new byte[0] : message.getBody();
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(body);
    return ",\"topic\":" + quote(message.getTopic()) + ",\"queueId\":" + message.getQueueId() + ",\"flag\":" + message.getFlag()
        + ",\"sysFlag\":" + message.getSysFlag() + ",\"bornTimestamp\":" + message.getBornTimestamp() + ",\"bornHost\":"
        + host(message.getBornHost()) + ",\"storeTimestamp\":" + message.getStoreTimestamp() + ",\"storeHost\":"
        + host(message.getStoreHost()) + ",\"reconsumeTimes\":" + message.getReconsumeTimes()
        + ",\"preparedTransactionOffset\":" + message.getPreparedTransactionOffset() + ",\"bodyCRC\":" + message.getBodyCRC()
        + ",\"offsetMsgId\":" + quote(message.getMsgId()) + ",\"keys\":" + quote(message.getKeys()) + ",\"tags\":"
        + quote(message.getTags()) + ",\"properties\":{" + String.join(",", properties) + "},\"bodyLength\":" + body.length
        + ",\"bodySha256\":" + quote(HexFormat.of().formatHex(hash));
  }

  /** The physical offsets that the index finds for each topic and key, in the order in which it finds them. */
  static List<String> keys(DefaultMessageStore store, String asked) {
    List<String> answers = new ArrayList<>();
    for (String pair : asked.split(";")) {
      if (pair.isEmpty()) continue;
      String[] parts = pair.split("#");
      QueryMessageResult result = store.queryMessage(parts[0], parts[1], 64, 0, Long.MAX_VALUE);
      List<String> offsets = new ArrayList<>();
      for (ByteBuffer bytes : result.getMessageBufferList()) offsets.add(String.valueOf(bytes.getLong(28)));
      answers.add("[" + quote(pair) + "," + offsets + "]");
    }
    return answers;
  }

  static String host(SocketAddress address) {
    return quote(address.toString().substring(address.toString().indexOf('/') + 1));
  }

  static String quote(String text) {
    if (text == null) return "null";
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') quoted.append('\\').append(c);
      else if (c < 32) quoted.append(String.format("\\u%04x", (int) c));
      else quoted.append(c);
    }
    return quoted.append('"').toString();
  }
}
