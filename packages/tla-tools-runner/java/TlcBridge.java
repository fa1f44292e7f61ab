import java.io.BufferedReader;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tla2sany.semantic.ASTConstants;
import tla2sany.semantic.OpApplNode;
import tla2sany.semantic.OpDefNode;
import tla2sany.semantic.SemanticNode;
import tla2sany.semantic.SymbolNode;
import tlc2.TLCGlobals;
import tlc2.tool.Action;
import tlc2.tool.EvalControl;
import tlc2.tool.StateVec;
import tlc2.tool.TLCState;
import tlc2.tool.impl.FastTool;
import tlc2.tool.impl.Tool;
import tlc2.util.BitVector;
import tlc2.util.Context;
import tlc2.util.FP64;
import tlc2.util.IStateWriter;
import tlc2.value.IBoolValue;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.FcnLambdaValue;
import tlc2.value.impl.FcnRcdValue;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.IntervalValue;
import tlc2.value.impl.ModelValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.SetEnumValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import util.SimpleFilenameToStream;
import util.UniqueString;

/**
 * TLC behind a pipe, in two modes: the labelled state graph as it is found, and a stepping oracle. What TLC itself
 * prints goes to standard error; standard output carries one message a line:
 *
 *   graph [next] [predicate]* -- [TLC's arguments]      oracle module configuration
 *   ([]name: an action property, told of each edge)
 *   V ["x","y"]            names of the variables       in:  R 0:value 1:value          start a trace
 *   L ["Act",[1,2]]        a label, numbered from 0          T action params 0:value    one step
 *   I [1,2] T..F           an initial state             out: H {variables, actions, invariants}
 *   S [1,2] T..F           a state, numbered from 0          Y ["Invariant"]            yes; these do not hold
 *   from label to T..F     an edge                           N "action" [[1,2],...]     no; what could have been
 *   U "location"           an edge without a name            X "message"                TLC could not evaluate it
 *   Z states edges         the end
 *
 * TLC keeps one Action object for each instance of a named action whose quantifiers range over constant sets, with the
 * values of its parameters in the action's context (tlc2.tool.impl.Tool.getActions): that is where labels come from.
 * Values are the JSON of Value.ts in canonical order, so that equal values are equal texts.
 */
public final class TlcBridge {
  private static final OutputStream WIRE = new FileOutputStream(FileDescriptor.out);

  public static void main(String[] arguments) throws Exception {
    System.setOut(System.err);
    if (arguments[0].equals("graph")) graph(Arrays.copyOfRange(arguments, 1, arguments.length));
    else new Oracle(arguments[1], arguments[2]).run();
  }

  private static void graph(String[] arguments) throws Exception {
    int cut = Arrays.asList(arguments).indexOf("--");
    GraphWriter writer = new GraphWriter(arguments[0], Arrays.asList(arguments).subList(1, cut));
    tlc2.TLC tlc = new tlc2.TLC();
    if (!tlc.handleParameters(Arrays.copyOfRange(arguments, cut + 1, arguments.length))) System.exit(2);
    tlc.setResolver(new SimpleFilenameToStream());
    Field field = tlc2.TLC.class.getDeclaredField("stateWriter");
    field.setAccessible(true);
    field.set(tlc, writer);
    int status = tlc.process();
    writer.close();
    System.err.flush();
    System.exit(status);
  }

  private static UniqueString[] variables() {
    return Arrays.stream(TLCState.Empty.getVars()).map(SymbolNode::getName).toArray(UniqueString[]::new);
  }

  /** Values as JSON in canonical order; not for use by two threads at once. */
  private static final class Encoder {
    private final Comparator<String> order = (a, b) -> {
      boolean left = isInteger(a), right = isInteger(b);
      if (left && right) return Long.compare(Long.parseLong(a), Long.parseLong(b));
      return left ? -1 : right ? 1 : a.compareTo(b);
    };

    private static boolean isInteger(String text) {
      char first = text.charAt(0);
      return first == '-' || (first >= '0' && first <= '9');
    }

    String json(Object value) {
      StringBuilder out = new StringBuilder();
      write(value, out);
      return out.toString();
    }

    void write(Object value, StringBuilder out) {
      if (value instanceof IntValue) out.append(((IntValue) value).val);
      else if (value instanceof BoolValue) out.append(((BoolValue) value).val);
      else if (value instanceof StringValue) text(((StringValue) value).val.toString(), out);
      else if (value instanceof ModelValue) {
        out.append("{\"_tag\":\"ModelValue\",\"name\":");
        text(((ModelValue) value).val.toString(), out);
        out.append('}');
      } else if (value instanceof TupleValue) sequence(((TupleValue) value).elems, out);
      else if (value instanceof RecordValue) record((RecordValue) value, out);
      else if (value instanceof FcnRcdValue) function((FcnRcdValue) value, out);
      else if (value instanceof FcnLambdaValue) write(((FcnLambdaValue) value).toFcnRcd(), out);
      else if (value instanceof IntervalValue) {
        out.append("{\"_tag\":\"Set\",\"elements\":[");
        for (long i = ((IntervalValue) value).low; i <= ((IntervalValue) value).high; i++) {
          out.append(i > ((IntervalValue) value).low ? "," : "").append(i);
        }
        out.append("]}");
      } else if (value instanceof Value && ((Value) value).toSetEnum() instanceof SetEnumValue) {
        set((SetEnumValue) ((Value) value).toSetEnum(), out);
      } else throw new IllegalArgumentException("a value of " + value.getClass() + " cannot be written: " + value);
    }

    private void sequence(Value[] values, StringBuilder out) {
      out.append('[');
      for (int i = 0; i < values.length; i++) {
        if (i > 0) out.append(',');
        write(values[i], out);
      }
      out.append(']');
    }

    private void set(SetEnumValue value, StringBuilder out) {
      value.normalize();
      String[] elements = new String[value.elems.size()];
      for (int i = 0; i < elements.length; i++) elements[i] = json(value.elems.elementAt(i));
      Arrays.sort(elements, order);
      out.append("{\"_tag\":\"Set\",\"elements\":[").append(String.join(",", elements)).append("]}");
    }

    private void record(RecordValue value, StringBuilder out) {
      if (value.names.length == 0) {
        out.append("[]");
        return;
      }
      Integer[] places = places(value.names.length);
      Arrays.sort(places, Comparator.comparing(i -> value.names[i].toString()));
      fields(places, i -> value.names[i].toString(), value.values, out);
    }

    private void fields(Integer[] places, java.util.function.IntFunction<String> name, Value[] values, StringBuilder out) {
      out.append("{\"_tag\":\"Record\",\"fields\":{");
      for (int i = 0; i < places.length; i++) {
        if (i > 0) out.append(',');
        text(name.apply(places[i]), out);
        out.append(':');
        write(values[places[i]], out);
      }
      out.append("}}");
    }

    private void function(FcnRcdValue value, StringBuilder out) {
      value.normalize();
      Value tuple = value.toTuple();
      if (tuple instanceof TupleValue) {
        sequence(((TupleValue) tuple).elems, out);
        return;
      }
      Value[] domain = value.getDomainAsValues();
      boolean strings = domain.length > 0;
      for (Value key : domain) strings &= key instanceof StringValue;
      Integer[] places = places(domain.length);
      if (strings) {
        Arrays.sort(places, Comparator.comparing(i -> ((StringValue) domain[i]).val.toString()));
        fields(places, i -> ((StringValue) domain[i]).val.toString(), value.values, out);
        return;
      }
      String[] keys = new String[domain.length];
      for (int i = 0; i < keys.length; i++) keys[i] = json(domain[i]);
      Arrays.sort(places, (a, b) -> order.compare(keys[a], keys[b]));
      out.append("{\"_tag\":\"Function\",\"entries\":[");
      for (int i = 0; i < places.length; i++) {
        out.append(i > 0 ? ",[" : "[").append(keys[places[i]]).append(',');
        write(value.values[places[i]], out);
        out.append(']');
      }
      out.append("]}");
    }

    private static Integer[] places(int count) {
      Integer[] places = new Integer[count];
      for (int i = 0; i < count; i++) places[i] = i;
      return places;
    }

    static void text(String text, StringBuilder out) {
      out.append('"');
      for (int i = 0; i < text.length(); i++) {
        char c = text.charAt(i);
        int letter = "\b\t\n\f\r".indexOf(c);
        if (c == '"' || c == '\\') out.append('\\').append(c);
        else if (letter >= 0) out.append('\\').append("btnfr".charAt(letter));
        else if (c >= ' ' && c < 127) out.append(c);
        else out.append(String.format("\\u%04x", (int) c));
      }
      out.append('"');
    }
  }

  /** The label of an action: its name, and the values of its parameters as a JSON array. */
  private static final class Label {
    final String name, parameters;

    Label(Action action, Encoder encoder) {
      OpDefNode definition = action.getOpDef();
      List<String> values = new ArrayList<>();
      if (definition != null) {
        for (SymbolNode parameter : definition.getParams()) {
          Object bound = action.con.lookup(parameter);
          if (bound instanceof SymbolNode) bound = action.con.lookup((SymbolNode) bound);
          values.add(bound == null ? "null" : encoder.json(bound));
        }
      }
      name = definition == null ? "" : definition.getName().toString();
      parameters = "[" + String.join(",", values) + "]";
    }

    String json() {
      StringBuilder out = new StringBuilder("[");
      Encoder.text(name, out);
      return out.append(',').append(parameters).append(']').toString();
    }
  }

  /** The names that only say "the next-state relation": an action that has no other is not named. */
  private static Set<String> nextNames(Tool tool, String configured) {
    Set<String> names = new HashSet<>(Arrays.asList("", configured));
    Action next = tool.getNextStateSpec();
    SemanticNode node = next == null ? null : next.pred;
    if (node instanceof OpApplNode && ((OpApplNode) node).getOperator() instanceof OpDefNode) {
      OpDefNode operator = (OpDefNode) ((OpApplNode) node).getOperator();
      if (operator.getKind() == ASTConstants.UserDefinedOpKind) names.add(operator.getName().toString());
    }
    return names;
  }

  private static final class GraphWriter implements IStateWriter {
    private final Encoder encoder = new Encoder();
    private final StringBuilder out = new StringBuilder(1 << 16);
    private final Numbers states = new Numbers();
    private final IdentityHashMap<Action, Integer> labels = new IdentityHashMap<>();
    private final Map<String, Integer> labelNumbers = new HashMap<>();
    private final ThreadLocal<Outgoing> outgoing = ThreadLocal.withInitial(Outgoing::new);
    private final String next;
    private final List<String> predicateNames;
    private final List<SemanticNode> predicates = new ArrayList<>();
    private final List<String> propertyNames;
    private final List<SemanticNode> properties = new ArrayList<>();
    private UniqueString[] variables;
    private Set<String> unnamed;
    private Tool tool;
    private long edges;
    private boolean closed;

    /** The edges that were written from the state that a worker is at. */
    private static final class Outgoing {
      int from = -1;
      final Set<Long> edges = new HashSet<>();
    }

    GraphWriter(String next, List<String> predicateNames) {
      this.next = next;
      this.predicateNames = new ArrayList<>();
      this.propertyNames = new ArrayList<>();
      for (String name : predicateNames) {
        if (name.startsWith("[]")) propertyNames.add(name.substring(2));
        else this.predicateNames.add(name);
      }
    }

    /** The action of a property: of [][A]_v the part [A]_v, of anything else all of it. */
    private SemanticNode property(String name) {
      OpDefNode definition = tool.getSpecProcessor().getRootModule().getOpDef(UniqueString.uniqueStringOf(name));
      if (definition == null || definition.getParams().length > 0) fail("Q", name);
      SemanticNode body = definition.getBody();
      boolean box = body instanceof OpApplNode
        && ((OpApplNode) body).getOperator().getName().toString().equals("[]");
      return box ? ((OpApplNode) body).getArgs()[0] : body;
    }

    private void begin() throws Exception {
      variables = variables();
      // The checker is in place before the first state, but its initial states may be computed by its constructor's
      // caller only: the tool is the same object all along.
      tool = (Tool) TLCGlobals.mainChecker.tool;
      unnamed = nextNames(tool, next);
      for (String name : predicateNames) {
        OpDefNode definition = tool.getSpecProcessor().getRootModule().getOpDef(UniqueString.uniqueStringOf(name));
        if (definition == null || definition.getParams().length > 0) fail("Q", name);
        predicates.add(definition.getBody());
      }
      for (String name : propertyNames) properties.add(property(name));
      out.append("V [");
      for (int i = 0; i < variables.length; i++) {
        if (i > 0) out.append(',');
        Encoder.text(variables[i].toString(), out);
      }
      out.append("]\n");
    }

    private int state(TLCState state, char kind) {
      try {
        if (variables == null) begin();
        int known = states.find(state.fingerPrint());
        if (known >= 0) return known;
        // A line is put together apart, so that an error on the way leaves none behind that is not whole.
        StringBuilder line = new StringBuilder().append(kind).append(" [");
        for (int i = 0; i < variables.length; i++) {
          if (i > 0) line.append(',');
          encoder.write(state.lookup(variables[i]), line);
        }
        line.append(']');
        for (int i = 0; i < predicates.size(); i++) {
          Object holds = tool.eval(predicates.get(i), Context.Empty, state);
          if (!(holds instanceof IBoolValue)) fail("Q", predicateNames.get(i));
          line.append(i == 0 ? " " : "").append(((IBoolValue) holds).getVal() ? 'T' : 'F');
        }
        out.append(line).append('\n');
        return states.add(state.fingerPrint());
      } catch (RuntimeException error) {
        throw error;
      } catch (Exception error) {
        throw new IllegalStateException(error);
      }
    }

    private int label(Action action) {
      Integer known = labels.get(action);
      if (known != null) return known;
      Label label = new Label(action, encoder);
      if (unnamed.contains(label.name)) fail("U", String.valueOf(action.pred.getLocation()));
      int number = labelNumbers.computeIfAbsent(label.json(), text -> {
        out.append("L ").append(text).append('\n');
        return labelNumbers.size();
      });
      labels.put(action, number);
      return number;
    }

    public synchronized void writeState(TLCState state) {
      state(state, 'I');
      if (out.length() > 1 << 15) flush();
    }

    public synchronized void writeState(TLCState from, TLCState to, boolean isNew, Action action) {
      int source = state(from, 'S'), label = label(action), target = state(to, 'S');
      Outgoing here = outgoing.get();
      if (here.from != source) {
        here.from = source;
        here.edges.clear();
      }
      if (!here.edges.add((long) label << 32 | target)) return;
      edges++;
      out.append(source).append(' ').append(label).append(' ').append(target);
      for (int i = 0; i < properties.size(); i++) {
        Object holds = tool.eval(properties.get(i), Context.Empty, from, to, EvalControl.Clear);
        if (!(holds instanceof IBoolValue)) fail("Q", propertyNames.get(i));
        out.append(i == 0 ? " " : "").append(((IBoolValue) holds).getVal() ? 'T' : 'F');
      }
      out.append('\n');
      if (out.length() > 1 << 15) flush();
    }

    private void flush() {
      try {
        WIRE.write(out.toString().getBytes(StandardCharsets.US_ASCII));
        out.setLength(0);
      } catch (java.io.IOException gone) {
        // The reader has gone: nobody wants the rest.
        Runtime.getRuntime().halt(1);
      }
    }

    private void fail(String kind, String what) {
      out.append(kind).append(' ');
      Encoder.text(what, out);
      out.append('\n');
      flush();
      Runtime.getRuntime().halt(1);
    }

    public synchronized void close() {
      if (closed) return;
      closed = true;
      out.append("Z ").append(states.size()).append(' ').append(edges).append('\n');
      flush();
    }

    public void writeState(TLCState from, TLCState to, boolean isNew) {}
    public void writeState(TLCState from, TLCState to, boolean isNew, Visualization kind) {}
    public void writeState(TLCState from, TLCState to, BitVector a, int start, int length, boolean isNew) {}
    public void writeState(TLCState from, TLCState to, BitVector a, int start, int length, boolean isNew,
        Visualization kind) {}
    public String getDumpFileName() { return null; }
    public boolean isNoop() { return false; }
    public boolean isDot() { return false; }
    public void snapshot() {}
  }

  /** Numbers fingerprints from 0 in the order in which they come: a table with open addressing, 12 bytes a slot. */
  private static final class Numbers {
    private long[] keys = new long[1 << 16];
    private int[] values = new int[1 << 16];
    private int count;

    int size() { return count; }

    private int slot(long key) {
      int mask = keys.length - 1, at = (int) (key ^ key >>> 32) & mask;
      while (values[at] != 0 && keys[at] != key) at = at + 1 & mask;
      return at;
    }

    int find(long key) { return values[slot(key)] - 1; }

    int add(long key) {
      if (count * 2 > keys.length) grow();
      int at = slot(key);
      keys[at] = key;
      values[at] = ++count;
      return count - 1;
    }

    private void grow() {
      long[] oldKeys = keys;
      int[] oldValues = values;
      keys = new long[oldKeys.length * 2];
      values = new int[oldKeys.length * 2];
      for (int i = 0; i < oldKeys.length; i++) {
        if (oldValues[i] == 0) continue;
        int at = slot(oldKeys[i]);
        keys[at] = oldKeys[i];
        values[at] = oldValues[i];
      }
    }
  }

  /** Follows traces given step by step. While a trace leaves variables open, every state that fits is kept. */
  private static final class Oracle {
    private static final int MOST_STATES = 10_000, MOST_SHOWN = 8;
    private final Encoder encoder = new Encoder();
    private final FastTool tool;
    private final UniqueString[] variables;
    private final List<Label> labels = new ArrayList<>();
    private final Map<String, List<Action>> byName = new HashMap<>(), byLabel = new HashMap<>();
    private final String[] invariantNames;
    private List<TLCState> current = Collections.emptyList();

    Oracle(String module, String configuration) {
      // Without its tables every fingerprint is 0.
      FP64.Init();
      tool = new FastTool(module, configuration, new SimpleFilenameToStream());
      variables = variables();
      for (Action action : tool.getActions()) {
        Label label = new Label(action, encoder);
        labels.add(label);
        byName.computeIfAbsent(label.name, name -> new ArrayList<>()).add(action);
        byLabel.computeIfAbsent(label.name + label.parameters, name -> new ArrayList<>()).add(action);
      }
      invariantNames = tool.getInvNames();
    }

    void run() throws Exception {
      BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8), 1 << 16);
      StringBuilder out = new StringBuilder();
      header(out);
      for (String line; ; out.append('\n')) {
        if (!in.ready() || out.length() > 1 << 15) {
          WIRE.write(out.toString().getBytes(StandardCharsets.US_ASCII));
          out.setLength(0);
        }
        line = in.readLine();
        if (line == null) return;
        int before = out.length();
        try {
          answer(line.split("\t", -1), out);
        } catch (RuntimeException | StackOverflowError error) {
          out.setLength(before);
          out.append("X ");
          Encoder.text(String.valueOf(error.getMessage()), out);
        }
      }
    }

    private void header(StringBuilder out) {
      out.append("H {\"variables\":");
      names(Arrays.stream(variables).map(UniqueString::toString).toArray(String[]::new), out);
      out.append(",\"invariants\":");
      names(invariantNames, out);
      out.append(",\"actions\":[");
      for (int i = 0; i < labels.size(); i++) out.append(i > 0 ? "," : "").append(labels.get(i).json());
      out.append("]}\n");
    }

    private void names(String[] names, StringBuilder out) {
      out.append('[');
      for (int i = 0; i < names.length; i++) {
        if (i > 0) out.append(',');
        Encoder.text(names[i], out);
      }
      out.append(']');
    }

    private void answer(String[] fields, StringBuilder out) {
      boolean reset = fields[0].equals("R");
      int first = reset ? 1 : 3;
      int[] places = new int[fields.length - first];
      String[] wanted = new String[places.length];
      for (int i = 0; i < places.length; i++) {
        int colon = fields[first + i].indexOf(':');
        places[i] = Integer.parseInt(fields[first + i].substring(0, colon));
        wanted[i] = fields[first + i].substring(colon + 1);
      }
      List<TLCState> possible = reset ? list(tool.getInitStates()) : successors(fields[1], fields[2]);
      List<TLCState> fitting = new ArrayList<>();
      Set<Long> seen = new HashSet<>();
      for (TLCState state : possible) {
        if (fits(state, places, wanted) && (possible.size() == 1 || seen.add(state.fingerPrint()))) fitting.add(state);
      }
      if (fitting.isEmpty()) {
        refuse(fields, possible, out);
        return;
      }
      if (fitting.size() > MOST_STATES) throw new IllegalStateException("more than " + MOST_STATES + " states fit");
      current = fitting;
      violated(fitting, out);
    }

    private List<TLCState> successors(String name, String parameters) {
      List<Action> actions = name.isEmpty() ? Arrays.asList(tool.getActions())
        : parameters.isEmpty() ? byName.getOrDefault(name, Collections.emptyList())
        : byLabel.getOrDefault(name + parameters, Collections.emptyList());
      List<TLCState> found = new ArrayList<>();
      for (TLCState state : current) for (Action action : actions) found.addAll(list(tool.getNextStates(action, state)));
      return found;
    }

    private static List<TLCState> list(StateVec states) {
      List<TLCState> list = new ArrayList<>(states.size());
      for (int i = 0; i < states.size(); i++) list.add(states.elementAt(i));
      return list;
    }

    private boolean fits(TLCState state, int[] places, String[] wanted) {
      for (int i = 0; i < places.length; i++) {
        if (!encoder.json(state.lookup(variables[places[i]])).equals(wanted[i])) return false;
      }
      return true;
    }

    private void violated(List<TLCState> states, StringBuilder out) {
      List<String> names = new ArrayList<>();
      Action[] invariants = tool.getInvariants();
      for (int i = 0; i < invariants.length; i++) {
        boolean holds = false;
        for (TLCState state : states) holds |= tool.isValid(invariants[i], state);
        if (!holds) names.add(invariantNames[i]);
      }
      out.append("Y ");
      names(names.toArray(new String[0]), out);
    }

    private void refuse(String[] fields, List<TLCState> possible, StringBuilder out) {
      boolean step = fields[0].equals("T");
      String reason = step && current.isEmpty() ? "not-started"
        : step && !fields[1].isEmpty() && !byName.containsKey(fields[1]) ? "unknown-action"
        : step && !fields[2].isEmpty() && !byLabel.containsKey(fields[1] + fields[2]) ? "unknown-parameters"
        : possible.isEmpty() ? "not-enabled" : "other-state";
      out.append("N \"").append(reason).append("\" [");
      for (int i = 0; i < Math.min(possible.size(), MOST_SHOWN); i++) {
        out.append(i > 0 ? ",[" : "[");
        for (int v = 0; v < variables.length; v++) {
          if (v > 0) out.append(',');
          encoder.write(possible.get(i).lookup(variables[v]), out);
        }
        out.append(']');
      }
      out.append(']');
    }
  }
}
