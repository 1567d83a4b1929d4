package etcd

import (
	"net/http"
	"testing"
)

// Somebody may have made the key that nobody has: the index counts all the same.
func TestAnyAnswerToTheQuestionTellsTheIndex(t *testing.T) {
	for name, test := range map[string]struct {
		reply http.HandlerFunc
		want  uint64
	}{
		"there":     {keys(200, 7, ""), 7},
		"missing":   {keys(404, 7, ""), 7},
		"forbidden": {keys(401, 7, ""), 7},
		"no answer": {hangup, 0},
	} {
		s := serve(t, test.reply)
		s.scripted = true
		client := connect(t, s.url)
		member, err := client.cluster.At(s.url)
		if err != nil {
			t.Fatal(err)
		}
		verdict := client.cluster.Ask(t.Context(), member, questions{}.Index(), 0)
		check(t, name, verdict.Index, test.want)
		check(t, "question", s.got()[0], indexLine)
	}
}

// Whether the key exists does not matter, so a member that misses it is not asked again: this happens every second.
func TestQuestionOfAMemberThatIsBehindIsOneRequest(t *testing.T) {
	s := serve(t, file("get", "/x", "v", 9), keys(404, 5, ""))
	s.scripted = true
	client := connect(t, s.url)
	seen(t, client)
	member, err := client.cluster.At(s.url)
	if err != nil {
		t.Fatal(err)
	}
	verdict := client.cluster.Ask(t.Context(), member, questions{}.Index(), 0)
	check(t, "index", verdict.Index, uint64(5))
	check(t, "requests", s.got(), []string{"GET /v2/keys/x", indexLine})
}
