package proof

import (
	"encoding/json"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/etcdv2/client/tests/validator"
)

// A Score is what became of the mutants.
type Score struct {
	Killed    int
	Survivors []string // their places and changes
}

// Total returns the number of mutants.
func (s Score) Total() int { return s.Killed + len(s.Survivors) }

// Mutate makes the mutants of a description and replays traffic to each. A mutant is killed when an exchange has other
// findings than it has with the description as it is.
func Mutate(spec *validator.Spec, traffic []*validator.Exchange) (Score, error) {
	bench, err := newBench(spec, traffic)
	if err != nil {
		return Score{}, err
	}
	var (
		score   Score
		mu      sync.Mutex
		firstly error
		workers sync.WaitGroup
	)
	n := runtime.GOMAXPROCS(0)
	for worker := range n {
		workers.Go(func() {
			part, err := bench.work(worker, n)
			mu.Lock()
			defer mu.Unlock()
			score.Killed += part.Killed
			score.Survivors = append(score.Survivors, part.Survivors...)
			if err != nil {
				firstly = err
			}
		})
	}
	workers.Wait()
	slices.Sort(score.Survivors)
	return score, firstly
}

// A bench is the traffic by operation, with the findings that the description itself makes.
type bench struct {
	document []byte
	traffic  map[string][]replayed // by the operation's pointer
}

type replayed struct {
	exchange *validator.Exchange
	findings []string
}

func newBench(spec *validator.Spec, traffic []*validator.Exchange) (*bench, error) {
	document, err := json.Marshal(spec.Document())
	if err != nil {
		return nil, err
	}
	b := &bench{document: document, traffic: map[string][]replayed{}}
	places := map[string]string{} // of operations, by their ids
	tree, err := b.tree()
	if err != nil {
		return nil, err
	}
	visit("", tree, func(place string, object map[string]any) {
		if id, ok := object["operationId"].(string); ok {
			places[id] = place
		}
	})
	for _, e := range traffic {
		if operation, _ := spec.Route(e); operation != nil {
			place := places[operation.OperationID]
			r := replayed{e, findings(spec, e)}
			b.traffic[place] = append(b.traffic[place], r)
			// Parameters of a path are those of all its operations.
			shared := path.Dir(place) + "/parameters"
			b.traffic[shared] = append(b.traffic[shared], r)
		}
	}
	return b, nil
}

// tree returns a copy of the document without what nobody compares with anything.
func (b *bench) tree() (map[string]any, error) {
	var tree map[string]any
	if err := json.Unmarshal(b.document, &tree); err != nil {
		return nil, err
	}
	visit("", tree, func(_ string, object map[string]any) {
		for _, name := range []string{"examples", "example"} {
			delete(object, name)
		}
		if _, ok := object["description"].(string); ok {
			object["description"] = "" // responses must have one
		}
	})
	return tree, nil
}

// work replays to every n-th mutant.
func (b *bench) work(worker, n int) (score Score, err error) {
	tree, err := b.tree()
	if err != nil {
		return score, err
	}
	reached := reach(tree)
	for i, m := range mutants(tree) {
		if i%n != worker {
			continue
		}
		m.do()
		text, err := json.Marshal(tree)
		m.undo()
		if err != nil {
			return score, err
		}
		killed, err := b.kills(text, reached.operations(m.place))
		if err != nil {
			return score, fmt.Errorf("%v: %w", m, err)
		}
		if killed {
			score.Killed++
		} else {
			score.Survivors = append(score.Survivors, m.String())
		}
	}
	return score, nil
}

// kills replays to one mutant.
func (b *bench) kills(document []byte, operations []string) (bool, error) {
	spec, err := validator.Load(document)
	if err != nil {
		return false, err
	}
	for _, place := range operations {
		for _, r := range b.traffic[place] {
			if !slices.Equal(findings(spec, r.exchange), r.findings) {
				return true, nil
			}
		}
	}
	return false, nil
}

func findings(spec *validator.Spec, e *validator.Exchange) []string {
	var texts []string
	for _, f := range spec.Check(e) {
		texts = append(texts, f.String())
	}
	slices.Sort(texts)
	return texts
}

// reached tells for each component which operations it has a part in.
type reached map[string][]string

func reach(tree map[string]any) reached {
	refs := map[string][]string{} // from components and operations to components
	owner := ""
	visit("", tree, func(place string, object map[string]any) {
		if o := ownerOf(place); o != "" {
			owner = o
		}
		if ref, ok := object["$ref"].(string); ok {
			refs[owner] = append(refs[owner], strings.TrimPrefix(ref, "#"))
		}
	})
	all := reached{}
	for place := range refs {
		if strings.HasPrefix(place, "/paths/") {
			all.follow(place, place, refs, map[string]bool{})
		}
	}
	return all
}

func (r reached) follow(operation, from string, refs map[string][]string, visited map[string]bool) {
	for _, to := range refs[from] {
		if !visited[to] {
			visited[to] = true
			r[to] = append(r[to], operation)
			r.follow(operation, to, refs, visited)
		}
	}
}

// operations returns the operations that a change at the place can matter to.
func (r reached) operations(place string) []string {
	owner := ownerOf(place)
	if strings.HasPrefix(owner, "/components/") {
		return r[owner]
	}
	return []string{owner}
}

// ownerOf returns the pointer of the operation or component that a place is in.
func ownerOf(place string) string {
	words := strings.Split(place, "/")
	if len(words) < 4 || words[1] != "paths" && words[1] != "components" {
		return ""
	}
	return strings.Join(words[:4], "/")
}
