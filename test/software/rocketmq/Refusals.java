import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
// MessageExtBrokerInner is in the first of these since 5.x, in the second before.
import org.apache.rocketmq.common.message.*;
import org.apache.rocketmq.store.*;

/**
 * Puts messages into a real DefaultMessageStore whose disk will not have a file, and writes down the answers, a line each.
 *
 * <p>Arguments: the store's directory, its settings, a script, a file for the answers. A line of the script is {@code put
 * TOPIC QUEUE BYTES}, {@code block PATH} (a directory stands where the file would be), {@code unblock PATH}, {@code settle}
 * (until what was put is dispatched and the next file is made), {@code give up} (until queues count as not writable) or
 * {@code end TOPIC QUEUE} (the queue's next number).
 */
public class Refusals {
  public static void main(String[] args) {
    int status = 1;
    try {
      run(args);
      status = 0;
    } catch (Throwable thrown) {
      thrown.printStackTrace();
    }
    // The store's threads would keep the process alive.
    Runtime.getRuntime().halt(status);
  }

  static void run(String[] args) throws Exception {
    Path root = Path.of(args[0]);
    DefaultMessageStore store = Oracle.store(args[0], args[1]);
    if (!store.load()) throw new IllegalStateException("the store does not load");
    store.start();
    List<String> answers = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(args[2]))) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "put" -> answers.add(put(store, words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3])));
        case "block" -> Files.createDirectories(root.resolve(words[1]));
        case "unblock" -> Files.delete(root.resolve(words[1]));
        case "settle" -> Thread.sleep(500);
        case "give" -> {
          for (int tries = 0; tries < 450 && store.getRunningFlags().isWriteable(); tries++) Thread.sleep(100);
        }
        case "end" -> answers.add(String.valueOf(store.getMaxOffsetInQueue(words[1], Integer.parseInt(words[2]))));
        default -> throw new IllegalArgumentException(line);
      }
    }
    try (PrintWriter out = new PrintWriter(args[3], StandardCharsets.UTF_8)) {
      answers.forEach(out::println);
    }
  }

  static String put(DefaultMessageStore store, String topic, int queueId, int bytes) {
    // 5.x leaves this check to a hook of the broker (HookUtils.checkBeforePutMessage), of which there is none here.
    if (!store.getRunningFlags().isWriteable()) return "SERVICE_NOT_AVAILABLE";
    MessageExtBrokerInner message = new MessageExtBrokerInner();
    message.setTopic(topic);
    message.setQueueId(queueId);
    message.setBody(new byte[bytes]);
    MessageAccessor.setProperties(message, new HashMap<>());
    message.setPropertiesString("");
    message.setBornTimestamp(1);
    message.setBornHost(new InetSocketAddress("127.0.0.1", 10911));
    message.setStoreHost(new InetSocketAddress("127.0.0.1", 10911));
    return store.putMessage(message).getPutMessageStatus().name();
  }
}
