package api_test

import (
	"io"
	"net/url"
	"reflect"
	"testing"

	"github.com/etcdv2/client/gen"
	"github.com/oapi-codegen/runtime"
)

// Our request builders (api/client.tmpl) put queries and forms together themselves, for speed. What
// they mean is what oapi-codegen's own builders mean, which leave that to its package runtime.
func FuzzEncoding(f *testing.F) {
	f.Add("", false, uint64(0), int64(0), uint8(0))
	f.Add("a b&c=d+e%f#g;h?i/j\\k\"l", true, uint64(1<<63), int64(-1), uint8(0xff))
	f.Add("schlüssel 鍵 🔑\n\x00", false, uint64(7), int64(1<<62), uint8(0x55))
	f.Fuzz(func(t *testing.T, text string, flag bool, index uint64, ttl int64, sent uint8) {
		pick := func(bit int) bool { return sent>>bit&1 == 1 }
		params := &gen.PutKeyParams{PrevExist: some(pick(0), flag), PrevIndex: some(pick(1), index)}
		form := gen.PutForm{
			Value: some(pick(2), text), TTL: some(pick(3), ttl), Dir: some(pick(4), flag),
			PrevValue: some(pick(5), text), Refresh: some(pick(6), flag), NoValueOnSuccess: some(pick(7), !flag),
		}
		req := gen.NewPutKeyRequestWithFormdataBody("key", params, form)
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Fatal(err)
		}
		want, err := runtime.MarshalForm(form, nil)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "form", string(body), want)
		same(t, "query", req.URL.RawQuery, styled(t, map[string]any{"prevExist": params.PrevExist, "prevIndex": params.PrevIndex}))
	})
}

func some[T any](sent bool, value T) *T {
	if !sent {
		return nil
	}
	return &value
}

// styled returns the query that oapi-codegen's own builders make of pointers to values.
func styled(t *testing.T, params map[string]any) url.Values {
	t.Helper()
	query := url.Values{}
	for name, pointer := range params {
		value := reflect.ValueOf(pointer)
		if value.IsNil() {
			continue
		}
		part, err := runtime.StyleParamWithOptions("form", true, name, value.Elem().Interface(),
			runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery})
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := url.ParseQuery(part)
		if err != nil {
			t.Fatal(err)
		}
		query[name] = parsed[name]
	}
	return query
}

func same(t *testing.T, what, encoded string, want url.Values) {
	t.Helper()
	got, err := url.ParseQuery(encoded)
	if err != nil {
		t.Fatalf("%s %q: %v", what, encoded, err)
	}
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %q means %v, runtime's means %v", what, encoded, got, want)
	}
}
