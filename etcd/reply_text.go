package etcd

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/etcdv2/client/internal/cluster"
)

// Replies that are not about keys carry less: those about members and users have the cluster's ID in their
// header, those to /version, /health, /v2/machines, /v2/leader and /v2/stats have nothing but their text. So
// each call says which text is its answer.

// Sort sorts a reply: the text that is wanted, a refusal, or what a stranger says.
func (t *textCall) Sort(reply cluster.Reply) (cluster.Verdict, error) {
	most := mostTextBytes
	if !isSuccess(reply) {
		most = mostRefusalBytes
	}
	text, err := io.ReadAll(io.LimitReader(reply.Body, int64(most)))
	switch {
	case err != nil:
		return cluster.Verdict{}, err
	case !isSuccess(reply):
		return t.refusal(reply, text), nil
	case len(text) == most:
		return strange(reply, nil, fmt.Sprintf("longer than %d bytes", most)), nil
	case t.want.signed && cluster.IDOf(reply.Response) == "":
		return strange(reply, t.shown(text), "without the headers of etcd"), nil
	}
	if t.status = reply.StatusCode; !t.want.decode(text) {
		return strange(reply, t.shown(text), t.want.not), nil
	}
	return cluster.Verdict{Outcome: cluster.Done, Index: cluster.IndexOf(reply.Response)}, nil
}

// shown returns the text of a stranger as it may be shown: not at all, if it may quote a password.
func (t *textCall) shown(text []byte) []byte {
	if t.secret {
		return nil
	}
	return text
}

// refusal sorts a reply that is not a success.
func (t *textCall) refusal(reply cluster.Reply, text []byte) cluster.Verdict {
	said := decodeError(reply, text)
	if t.secret && !isEtcdsWord(said.Message) {
		said = foreignError(reply, nil, "")
	}
	if verdict, ok := unserved(reply, said); ok {
		return verdict
	}
	verdict := cluster.Verdict{Outcome: cluster.Refused, Err: said, Index: said.Index}
	if !t.isRefusal(reply, said) {
		verdict.Outcome, verdict.Err = cluster.Unknown, said.masked(reply)
	}
	return verdict
}

// isRefusal reports whether said is etcd's refusal of the call.
func (t *textCall) isRefusal(reply cluster.Reply, said *Error) bool {
	switch {
	case strings.HasPrefix(said.Message, notCapable): // etcd checks this before anything else
		return true
	case reply.StatusCode >= 500:
		return false
	case reply.StatusCode == http.StatusUnauthorized:
		return said.Message == noRights
	case t.want.signed:
		return cluster.IDOf(reply.Response) != ""
	}
	return said.Message == notLeader
}

// notLeader are the words of a member that is asked for the statistics of the leader.
const notLeader = "not current leader"

// wordsOnUsers are the prefixes of the messages of etcd and its proxy for requests that may carry a password.
var wordsOnUsers = []string{
	"auth: ", "User JSON ", "Invalid ", noRights, "Internal Server Error", notCapable, "proxy: ", missingPage,
}

// isEtcdsWord reports whether message is one of etcd's for requests that may carry a password. Other messages
// are not shown: a server that answers in etcd's place may quote the request.
func isEtcdsWord(message string) bool {
	return slices.ContainsFunc(wordsOnUsers, func(words string) bool { return strings.HasPrefix(message, words) })
}
