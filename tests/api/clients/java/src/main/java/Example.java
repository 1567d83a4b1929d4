import etcd.ApiClient;
import etcd.ApiException;
import etcd.api.KeysApi;
import etcd.api.KeysApi.APIPutKeyRequest;
import etcd.model.EtcdError;

class Example {
  public static void main(String[] args) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(args[0]);
    KeysApi keys = new KeysApi(client);
    var message = APIPutKeyRequest.newBuilder().key("message").value("hello");
    System.out.println(keys.putKey(message.build()).getAction());
    try {
      keys.putKey(message.prevExist(false).build());
    } catch (ApiException e) {
      EtcdError refused = client.getObjectMapper().readValue(e.getResponseBody(), EtcdError.class);
      System.out.println(refused.getErrorCode() + " " + refused.getMessage());
    }
  }
}
