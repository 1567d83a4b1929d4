package etcd

import (
	"context"
	"strings"
	"testing"
)

func TestDeletesOnTheWire(t *testing.T) {
	del := func(opts ...DeleteOption) func(context.Context, *Client) (*Response, error) {
		return func(ctx context.Context, c *Client) (*Response, error) { return c.Delete(ctx, "/k", opts...) }
	}
	compare := func(prev Prev) func(context.Context, *Client) (*Response, error) {
		return func(ctx context.Context, c *Client) (*Response, error) { return c.CompareAndDelete(ctx, "/k", prev) }
	}
	// All of it is in the query: servers do not read the body of a DELETE, and would delete
	// whatever the condition there.
	checkWire(t, granting(8), []call{
		{"file", del(), "DELETE /v2/keys/k"},
		{"empty directory", del(WithDir()), "DELETE /v2/keys/k?dir=true"},
		{"tree", del(WithRecursive()), "DELETE /v2/keys/k?recursive=true"},
		{"both", del(WithDir(), WithRecursive()), "DELETE /v2/keys/k?recursive=true&dir=true"},
		{"by value", compare(Prev{Value: "a b&c=ü"}), "DELETE /v2/keys/k?prevValue=a+b%26c%3D%C3%BC"},
		{"by index", compare(Prev{Index: 7}), "DELETE /v2/keys/k?prevIndex=7"},
		{"by both", compare(Prev{Value: "a,b;c", Index: 7}), "DELETE /v2/keys/k?prevValue=a%2Cb%3Bc&prevIndex=7"},
	})
}

func TestDeleteReturnsWhatWasThere(t *testing.T) {
	s := serve(t, keys(200, 16, `{"action":"delete","node":{"key":"/k","modifiedIndex":16,"createdIndex":10},`+
		`"prevNode":{"key":"/k","value":"v","modifiedIndex":13,"createdIndex":10}}`))
	resp, err := connect(t, s.url).Delete(t.Context(), "/k")
	if err != nil {
		t.Fatal(err)
	}
	check(t, "node", resp.Node, &Node{Key: "/k", ModifiedIndex: 16, CreatedIndex: 10})
	check(t, "previous node", resp.PrevNode, &Node{Key: "/k", Value: "v", ModifiedIndex: 13, CreatedIndex: 10})
}

// The refusal of a directory names the options that delete one.
func TestRefusedDeletionOfADirectorySaysWhatDeletesIt(t *testing.T) {
	for _, test := range []struct {
		status int
		code   ErrorCode
		want   string
	}{
		{403, ErrNotFile, "]; WithDir deletes an empty directory, WithRecursive any directory with its content"},
		{403, ErrDirNotEmpty, "]; WithRecursive deletes a directory with its content, hidden nodes included"},
		{404, ErrKeyNotFound, "]"},
	} {
		s := serve(t, refusing(test.status, test.code, "/d", 7))
		_, err := connect(t, s.url).Delete(t.Context(), "/d")
		checkIs(t, err, test.code)
		if text := err.Error(); !strings.HasPrefix(text, "etcd: DELETE /v2/keys/d: ") || !strings.HasSuffix(text, test.want) {
			t.Errorf("error is %s", text)
		}
	}
}
