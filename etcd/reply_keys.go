package etcd

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/etcdv2/client/gen"
	"github.com/etcdv2/client/internal/cluster"
)

// A reply to a call on keys is an answer only if etcd of this cluster has written it, in answer to this very
// request. Everything else is a stranger's: a gateway, a web server, a proxy, or the answer to another
// request. It never settles a write and never ends a read.
//
// Every version of etcd puts its index into the header of each answer on keys, except that 0.x leaves it out
// of the reply to a HEAD of a key that exists. Since 2.0 it also puts the cluster's ID there. So a reply
// without an index is not etcd's, nor is one without an ID if the cluster has one.

// asked is what a call on keys asks for, and what its answer must fit.
type asked struct {
	key     string // as in the path of the request, without its leading slash
	action  Action // of a success; empty if none is expected, as for a HEAD
	value   *string
	prev    *Prev
	inOrder bool     // the answer is about a node in the directory key
	query   getQuery // of a read
	brief   bool     // the beginning of the answer is enough
}

// isSigned reports whether the header of a reply is one of etcd's on keys.
func isSigned(reply cluster.Reply) bool {
	return cluster.TellsIndex(reply.Response) && reply.Author != cluster.Nameless
}

// Sort sorts a reply: an event, a refusal, or what a stranger says.
func (k *keysCall) Sort(reply cluster.Reply) (cluster.Verdict, error) {
	switch {
	case !isSuccess(reply):
		text, err := readRefusal(reply)
		return k.refusal(reply, text), err
	case isSigned(reply):
		return k.success(reply)
	}
	text, err := readRefusal(reply)
	verdict := strange(reply, text, "without the headers of etcd")
	if reply.Author == cluster.Unidentified { // etcd 0.x
		verdict.Instead = k.withBody(reply)
	}
	return verdict, err
}

// withBody returns the request to send in place of a HEAD, whose reply has nothing that tells etcd from
// another server, or nil if the call is not a HEAD.
func (k *keysCall) withBody(reply cluster.Reply) *http.Request {
	if reply.Request.Method != http.MethodHead {
		return nil
	}
	return gen.NewGetKeyRequest(k.asked.key, nil)
}

// success sorts a success with the headers of etcd.
func (k *keysCall) success(reply cluster.Reply) (cluster.Verdict, error) {
	if reply.Request.Method != http.MethodHead {
		body, err := k.readBody(reply.Body)
		if err != nil {
			return cluster.Verdict{}, err
		}
		defer body.release()
		event, err := body.decode(reply)
		if err != nil {
			return cluster.Verdict{Err: err}, nil
		}
		if other := k.misfit(reply.Request.Method, event); other != "" {
			return strange(reply, nil, "answers another request: "+other), nil
		}
		k.event = event
	}
	k.index = cluster.IndexOf(reply.Response)
	return cluster.Verdict{Outcome: cluster.Done, Index: k.index}, nil
}

// misfit returns what is wrong with event as the answer to this call, or "". The method is that of the
// request, which may be one that stands in for the call's.
func (k *keysCall) misfit(method string, event *Response) string {
	a, node := &k.asked, event.Node
	switch {
	case k.Wait: // its watch looks at the event
		return ""
	case method == http.MethodGet && event.Action == ActionGet && a.isAbout(node.Key):
		return ""
	case event.Action != a.action:
		return fmt.Sprintf("action %.40q", event.Action)
	case !a.isAbout(node.Key):
		return fmt.Sprintf("key %.80q", node.Key)
	case a.value != nil && !isStored(*a.value, node):
		return "another value"
	case a.prev != nil && event.PrevNode != nil && !a.prev.held(event.PrevNode):
		return fmt.Sprintf("previous index %d", event.PrevNode.ModifiedIndex)
	}
	return ""
}

// isAbout reports whether a node of the key answers the call.
func (a *asked) isAbout(nodeKey string) bool {
	key := strings.TrimSuffix(a.key, "/")
	rest, ok := strings.CutPrefix(strings.TrimPrefix(nodeKey, "/"), key)
	if !a.inOrder {
		return ok && rest == ""
	}
	if key != "" {
		rest, ok = strings.CutPrefix(rest, "/")
	}
	return ok && rest != "" && !strings.Contains(rest, "/")
}

// isStored reports whether node has value.
func isStored(value string, node *Node) bool {
	return node.Value == value || node.Value == lowered(value)
}

// lowered returns value as etcd 0.x reads it: the words true and false become lower case.
func lowered(value string) string {
	if word := strings.ToLower(value); word == "true" || word == "false" {
		return word
	}
	return value
}

// held reports whether p can have held for node.
func (p *Prev) held(node *Node) bool {
	byIndex := p.Index == 0 || node.ModifiedIndex == 0 || p.Index == node.ModifiedIndex
	return byIndex && (p.Value == "" || isStored(p.Value, node))
}

// refusal sorts a reply that is not a success.
func (k *keysCall) refusal(reply cluster.Reply, text []byte) cluster.Verdict {
	said := decodeError(reply, text)
	if instead := k.withBody(reply); instead != nil && refusesHead(reply) {
		return cluster.Verdict{Err: said, Instead: instead}
	}
	if verdict, ok := unserved(reply, said); ok {
		return verdict
	}
	verdict := cluster.Verdict{Outcome: cluster.Refused, Err: said, Index: said.Index}
	switch {
	case !k.isRefusal(reply, said):
		verdict.Outcome = cluster.Unknown
		said.masked(reply).disown(reply)
	case k.intent == toReadCopy && !k.Wait && provesNothing(reply, said):
		verdict = k.doubt(reply, said)
	}
	return verdict
}

// provesNothing reports whether a member that says that a key does not exist may merely be behind: it has not
// reached an index that the cluster has reported before.
func provesNothing(reply cluster.Reply, said *Error) bool {
	return said.Index < reply.Seen && (said.Code == ErrKeyNotFound || said.Code == ErrNotDir)
}

// doubt returns the verdict on a reply that proves nothing. A quorum read settles whether the key exists. If
// the answer to that is behind, too, it settles nothing: the cluster has been built anew, or something that
// stores replies has answered.
func (k *keysCall) doubt(reply cluster.Reply, said *Error) cluster.Verdict {
	if k.asked.query.quorum {
		return cluster.Verdict{Err: fmt.Errorf("%w: it is at index %d and had reached %d", ErrClusterRolledBack, said.Index, reply.Seen)}
	}
	k.asked.query.quorum = true
	return cluster.Verdict{
		Err:     fmt.Errorf("does not have the key, but is behind: it is at index %d, and %d has been seen", said.Index, reply.Seen),
		Instead: gen.NewGetKeyRequest(k.asked.key, k.asked.query.params()),
	}
}

// refusesHead reports whether the reply to a HEAD may mean the method alone: a gateway, or etcd's proxy for
// reads, may refuse it and let a GET pass. The page of a server without the path has the same status, too.
func refusesHead(reply cluster.Reply) bool {
	switch reply.StatusCode {
	case http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return !cluster.TellsIndex(reply.Response)
	}
	return false
}

// isRefusal reports whether said is etcd's refusal of this very call.
func (k *keysCall) isRefusal(reply cluster.Reply, said *Error) bool {
	switch {
	case reply.StatusCode >= 500:
		// Most leave the outcome of a write unknown. A cause that begins with nodePath comes from applying the
		// write, when etcd 3.5 fails to update a directory's TTL; timeouts have other causes.
		return isSigned(reply) && strings.HasPrefix(said.Cause, "nodePath ")
	case said.Code == 0:
		// Etcd 2.1.0 and 2.1.1 refuse credentials without a code.
		return reply.StatusCode == http.StatusUnauthorized && said.Message == noRights && reply.Author != cluster.Nameless
	}
	return isSigned(reply) && k.asked.canGet(said, k.Wait)
}

// noRights are etcd's words for missing, wrong or insufficient credentials.
const noRights = "Insufficient credentials"

// canGet reports whether said can be the refusal of what is asked: whether its code is one that the call can
// get, and whether its cause names the key or the condition of the call.
func (a *asked) canGet(said *Error, waits bool) bool {
	switch said.Code {
	case ErrCompareFailed:
		return a.prev != nil && a.prev.differs(said.Cause)
	case ErrEventIndexCleared, ErrWatcherCleared:
		return waits
	case ErrKeyNotFound:
		return !waits && a.action != ActionSet && a.action != ActionCreate && a.causes(said.Cause)
	case ErrNodeExist:
		return a.action == ActionCreate && !a.inOrder && a.causes(said.Cause)
	case ErrDirNotEmpty:
		return a.action == ActionDelete && a.causes(said.Cause)
	case ErrNotFile, ErrNotDir, ErrRootReadOnly:
		return a.causes(said.Cause)
	}
	return true
}

// causes reports whether a refusal can have that cause: the key, one above it, or none.
func (a *asked) causes(cause string) bool {
	key := "/" + strings.TrimSuffix(a.key, "/")
	return cause == "" || cause == rootKey || covers(cause, key) || a.inOrder && below(cause, key)
}

// differs reports whether cause, such as "[1 != 2]", can be that of a comparison with p.
func (p *Prev) differs(cause string) bool {
	begins := func(compared string) bool { return strings.HasPrefix(cause, "["+compared+" != ") }
	return !strings.HasPrefix(cause, "[") || p.Index != 0 && begins(strconv.FormatUint(p.Index, 10)) ||
		p.Value != "" && (begins(p.Value) || begins(lowered(p.Value)))
}
