import etcd.ApiClient;
import etcd.ApiException;
import etcd.api.ClusterApi;
import etcd.api.KeysApi;
import etcd.api.KeysApi.APIGetKeyRequest;
import etcd.api.KeysApi.APIPostKeyRequest;
import etcd.api.KeysApi.APIPutKeyRequest;
import etcd.model.Action;
import etcd.model.EtcdError;
import etcd.model.Event;
import etcd.model.Node;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** A generated Java client at work: Scenario ENDPOINT DIR VERSION. README.md tells what the steps are. */
public final class Scenario {
  private final String endpoint;
  private final String directory;
  private final String version;
  private final ApiClient client = new ApiClient();
  private final KeysApi keys;
  private final ClusterApi cluster;

  private Scenario(String endpoint, String directory, String version) {
    this.endpoint = endpoint;
    this.directory = directory;
    this.version = version;
    client.updateBaseUri(endpoint);
    keys = new KeysApi(client);
    cluster = new ClusterApi(client);
  }

  private void key() throws ApiException {
    String key = directory + "/a b/c?d#e%f+g&h=i;j/ü漢🙂";
    String value = "1+1 = 2 & 100% ü漢🙂";
    Event written = keys.putKey(put(key).value(value).build());
    expect(written.getAction(), Action.SET);
    expect(written.getNode().getKey(), "/" + key);
    expect(read(key).getValue(), value);
  }

  private void empty() throws ApiException {
    String key = directory + "/empty";
    keys.putKey(put(key).value("").build());
    expect(read(key).getValue(), "");
  }

  private void create() throws Exception {
    String key = directory + "/create";
    Event created = keys.putKey(put(key).value("first").ttl(600L).prevExist(false).build());
    expect(created.getAction(), Action.CREATE);
    expect(created.getNode().getTtl(), 600L);
    EtcdError conflict = refusal(() -> keys.putKey(put(key).value("second").prevExist(false).build()));
    expectError(conflict, 105, "/" + key, created);
    expect(read(key).getValue(), "first");
  }

  private void swap() throws Exception {
    String key = directory + "/swap";
    Event old = keys.putKey(put(key).value("old").build());
    Event won = keys.putKey(put(key).value("new").prevIndex(old.getNode().getModifiedIndex()).build());
    expect(won.getAction(), Action.COMPARE_AND_SWAP);
    expect(won.getPrevNode().getValue(), "old");
    EtcdError lost = refusal(() -> keys.putKey(put(key).value("newer").prevValue("old").build()));
    expectError(lost, 101, "[old != new]", won);
    expect(read(key).getValue(), "new");
  }

  private void inOrder() throws ApiException {
    String key = directory + "/queue";
    Event first = keys.postKey(APIPostKeyRequest.newBuilder().key(key).value("first").build());
    Event second = keys.postKey(APIPostKeyRequest.newBuilder().key(key).value("second").build());
    expect(List.of(first.getAction(), second.getAction()), List.of(Action.CREATE, Action.CREATE));
    List<Node> queue = list(key);
    expect(queue.stream().map(Node::getValue).toList(), List.of("first", "second"));
    expect(queue.stream().map(Node::getKey).toList(), List.of(first.getNode().getKey(), second.getNode().getKey()));
  }

  private void listing() throws ApiException {
    String key = directory + "/list";
    keys.putKey(put(key + "/b").value("2").build());
    keys.putKey(put(key + "/a").value("1").build());
    keys.putKey(put(key + "/sub/c").value("3").build());
    List<Node> children = list(key);
    expect(
        children.stream().map(Node::getKey).toList(),
        List.of("/" + key + "/a", "/" + key + "/b", "/" + key + "/sub"));
    expect(children.get(0).getValue(), "1");
    expect(children.get(1).getValue(), "2");
    expect(children.get(2).getDir(), true);
    expect(children.get(2).getNodes(), List.of());
  }

  private void watch() throws Exception {
    String key = directory + "/watch";
    Event before = keys.putKey(put(key).value("before").build());
    long next = before.getNode().getModifiedIndex() + 1;
    FutureTask<Event> change =
        new FutureTask<>(() -> keys.getKey(get(key).waitForChange(true).waitIndex(next).build()));
    new Thread(change).start();
    // Whichever comes first, the watch or the write: from its index on, nothing is missed.
    keys.putKey(put(key).value("after").build());
    Event event = change.get();
    expect(event.getAction(), Action.SET);
    expect(event.getPrevNode().getValue(), "before");
    expect(event.getNode().getValue(), "after");
  }

  private void machines() throws ApiException {
    expect(List.of(cluster.getMachines().split(", ")), List.of(endpoint));
  }

  private void versions() throws ApiException {
    expect(cluster.getVersion().getEtcdserver(), version);
  }

  private static APIPutKeyRequest.Builder put(String key) {
    return APIPutKeyRequest.newBuilder().key(key);
  }

  private static APIGetKeyRequest.Builder get(String key) {
    return APIGetKeyRequest.newBuilder().key(key);
  }

  private Node read(String key) throws ApiException {
    return keys.getKey(get(key).build()).getNode();
  }

  private List<Node> list(String key) throws ApiException {
    return keys.getKey(get(key).sorted(true).build()).getNode().getNodes();
  }

  /** The error that the server answered: the exception has it as text. */
  private EtcdError refusal(Callable<Event> call) throws Exception {
    try {
      throw new AssertionError("not refused: " + call.call());
    } catch (ApiException e) {
      return client.getObjectMapper().readValue(e.getResponseBody(), EtcdError.class);
    }
  }

  private static void expectError(EtcdError got, int code, String cause, Event last) {
    expect(got.getErrorCode(), code);
    expect(got.getCause(), cause);
    expect(got.getIndex() >= last.getNode().getModifiedIndex(), true);
  }

  private static void expect(Object got, Object want) {
    if (!Objects.equals(got, want)) {
      throw new AssertionError(got + " instead of " + want);
    }
  }

  private interface Step {
    void run() throws Exception;
  }

  private Map<String, Step> steps() {
    Map<String, Step> steps = new LinkedHashMap<>();
    steps.put("key", this::key);
    steps.put("empty", this::empty);
    steps.put("create", this::create);
    steps.put("swap", this::swap);
    steps.put("in-order", this::inOrder);
    steps.put("list", this::listing);
    steps.put("watch", this::watch);
    steps.put("machines", this::machines);
    steps.put("version", this::versions);
    return steps;
  }

  public static void main(String[] args) {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    boolean[] failed = {false};
    new Scenario(args[0], args[1], args[2]).steps().forEach((name, step) -> {
      try {
        step.run();
        out.println("ok " + name);
      } catch (Exception | AssertionError e) {
        failed[0] = true;
        out.println("not ok " + name + ": " + e);
      }
    });
    System.exit(failed[0] ? 1 : 0);
  }
}
