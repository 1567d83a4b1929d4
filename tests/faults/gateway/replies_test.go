package gateway_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
)

// A card is a reply that a gateway can give by itself.
type card struct {
	name   string
	status int // 0 if make determines it
	make   func(x *exchange, status int) *answer
}

// statuses are those that gateways, load balancers and firewalls use. Unlike other 1xx statuses, 101 is
// final.
var statuses = []int{
	101, 200, 204, 206, 299, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 407, 408, 409, 410, 412, 413, 421, 425, 429,
	431, 451, 499, 500, 501, 502, 503, 504, 520, 599,
}

// bodies are combined with each status.
var bodies = []card{
	{name: "a page", make: page(`<html><head><title>Sorry</title></head><body>Something went wrong</body></html>`, "text/html")},
	{name: "nothing", make: page("", "")},
	{name: "half a JSON", make: func(x *exchange, status int) *answer {
		a := anEvent(x, status)
		a.body, a.short = a.body[:len(a.body)/2], true
		return a
	}},
	{name: "a JSON of its own", make: page(`{"message":"no healthy upstream","requestId":"7d0f"}`, "application/json")},
	{name: "an error in etcd's words", make: anError},
	{name: "an event in etcd's words", make: anEvent},
}

// special are the cards that are not combined with the statuses.
var special = []card{
	{name: "the page of a server without v2", make: func(*exchange, int) *answer {
		return page("404 page not found\n", "text/plain; charset=utf-8")(nil, http.StatusNotFound)
	}},
	{name: "the answer to another request", make: (*exchange).anothersAnswer},
	{name: "the answer of another cluster", make: (*exchange).otherCluster},
}

// newDeck returns all cards in random order. A gateway uses them all before it uses one again.
func newDeck(random *rand.Rand) []card {
	deck := []card{special[0]}
	for i, status := range statuses {
		for _, c := range bodies {
			c.status = status
			deck = append(deck, c)
		}
		deck = append(deck, special[1], special[1+i%2])
	}
	random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}

func (c card) String() string {
	if c.status == 0 {
		return c.name
	}
	return fmt.Sprintf("%d with %s", c.status, c.name)
}

func page(text, contentType string) func(*exchange, int) *answer {
	return func(_ *exchange, status int) *answer {
		return &answer{status: status, header: http.Header{"Content-Type": {contentType}}, body: []byte(text)}
	}
}

// errorCodes are the codes that etcd sends with each status.
var errorCodes = map[int][]int{400: {104, 107, 209, 401}, 401: {110}, 403: {102, 108}, 404: {100}, 412: {101, 105}, 500: {300}}

// anError is an error about the key of the request as etcd would word it, but without etcd's headers.
func anError(x *exchange, status int) *answer {
	codes := errorCodes[status]
	if codes == nil {
		codes = slices.Concat(errorCodes[400], errorCodes[403], errorCodes[404], errorCodes[412])
	}
	code := codes[x.random.IntN(len(codes))]
	text := fmt.Sprintf(`{"errorCode":%d,"message":"Refused","cause":%q,"index":%s}`, code, x.req.key, x.gateway.archive.told())
	return page(text, "application/json")(x, status)
}

// anEvent is a success of the request as etcd would word it, but without etcd's headers.
func anEvent(x *exchange, status int) *answer {
	key, value, index := x.req.key, x.req.form.Get("value"), x.gateway.archive.told()
	if !x.req.writes() {
		value = "forged"
	}
	if x.req.Method == http.MethodPost {
		key += "/00000000000000000007"
	}
	text := fmt.Sprintf(`{"action":%q,"node":{"key":%q,"value":%q,"modifiedIndex":%s,"createdIndex":%s}}`,
		x.req.action(), key, value, index, index)
	return page(text, "application/json")(x, status)
}
