package gateway_test

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"sync"

	"github.com/etcdv2/client/etcd"
)

// answer is a complete reply, of a member or made up by a gateway.
type answer struct {
	status int
	header http.Header
	body   []byte
	short  bool // the body ends before its Content-Length
}

// said is the content of etcd's JSON: an event or an error.
type said struct {
	Action etcd.Action
	Node   node
	Code   etcd.ErrorCode `json:"errorCode"`
	Cause  string
}

// said returns the content of an answer. It is empty if the answer is not JSON.
func (a *answer) said() *said {
	s := &said{}
	if json.Unmarshal(a.body, s) != nil {
		return &said{}
	}
	return s
}

// mostArchived is the number of a member's answers that are kept. After that, new answers replace random old
// ones.
const mostArchived = 500

// archive holds answers of a member.
type archive struct {
	mu      sync.Mutex
	answers []*answer
	index   string // of the last answer
}

func (a *archive) keep(given *answer, random *rand.Rand) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if index := given.header.Get("X-Etcd-Index"); index != "" && index != "0" {
		a.index = index
	}
	if len(a.answers) < mostArchived {
		a.answers = append(a.answers, given)
		return
	}
	a.answers[random.IntN(len(a.answers))] = given
}

// foreign returns an answer that cannot be an answer to req, or nil if there is none.
func (a *archive) foreign(req *request, random *rand.Rand) *answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.answers) == 0 {
		return nil
	}
	first := random.IntN(len(a.answers))
	for i := range a.answers {
		if given := a.answers[(first+i)%len(a.answers)]; !req.mayGet(given) {
			return given
		}
	}
	return nil
}

// told returns the index of the member's last answer, or 1 before there is any.
func (a *archive) told() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return cmp.Or(a.index, "1")
}
