package proof_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/etcdv2/client/tests/api/contract/proof"
	"github.com/etcdv2/client/tests/validator"
)

const description = `
openapi: 3.0.3
info: {title: a clock, version: '1'}
paths:
  /time:
    get:
      operationId: getTime
      parameters:
        - {$ref: '#/components/parameters/Zone'}
      responses:
        '200': {$ref: '#/components/responses/Time'}
        '404': {$ref: '#/components/responses/Gone'}
components:
  parameters:
    Zone: {name: zone, in: query, schema: {type: string}}
  responses:
    Gone: {description: gone}
    Time:
      description: the time
      headers:
        X-Clock: {schema: {type: integer}}
      content:
        application/json: {schema: {$ref: '#/components/schemas/Time'}}
  schemas:
    Time:
      type: object
      required: [hour]
      properties:
        hour: {type: integer}
        half: {type: string, enum: [am, pm]}
`

func traffic(t *testing.T) (*validator.Spec, []*validator.Exchange) {
	t.Helper()
	spec, err := validator.Load([]byte(description))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(query, body string) *validator.Exchange {
		return &validator.Exchange{
			Method: http.MethodGet, URL: &url.URL{Path: "/time", RawQuery: query}, Status: http.StatusOK,
			ResponseHeader: http.Header{"Content-Type": {"application/json"}}, ResponseBody: []byte(body),
		}
	}
	return spec, []*validator.Exchange{ask("zone=utc", `{"hour":7,"half":"am"}`), ask("", `{"hour":8}`)}
}

// What the traffic shows kills, and what it does not show survives.
func TestMutate(t *testing.T) {
	spec, exchanges := traffic(t)
	score, err := proof.Mutate(spec, exchanges)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/components/responses/Time/headers/X-Clock/schema: maximum 0",
		"/components/responses/Time/headers/X-Clock/schema: type boolean",
		"/components/responses/Time/headers/X-Clock: removed",
		"/components/schemas/Time/properties/half: no enum pm",
		"/paths/~1time/get/responses/404: removed",
	}
	if !slices.Equal(score.Survivors, want) {
		t.Errorf("survivors are %q", score.Survivors)
	}
	if score.Killed < 12 || score.Total() != score.Killed+len(want) {
		t.Errorf("%d of %d were killed", score.Killed, score.Total())
	}
	none, err := proof.Mutate(spec, nil)
	if err != nil || none.Killed != 0 || none.Total() != score.Total() {
		t.Errorf("without traffic, %d of %d were killed, %v", none.Killed, none.Total(), err)
	}
}

func TestMeasure(t *testing.T) {
	spec, exchanges := traffic(t)
	table := proof.Measure(spec, exchanges)
	var gaps []string
	for _, gap := range table.Gaps() {
		gaps = append(gaps, gap.String())
	}
	slices.Sort(gaps)
	if want := []string{"enum value Time half pm", "header Time X-Clock", "status getTime 404"}; !slices.Equal(gaps, want) {
		t.Errorf("gaps are %q", gaps)
	}
	if seen, all := table.Count(proof.Parameter); seen != 1 || all != 1 {
		t.Errorf("%d of %d parameters were seen", seen, all)
	}
	if seen, _ := proof.Measure(spec, exchanges[1:]).Count(proof.Parameter); seen != 0 {
		t.Error("a parameter was seen that nobody sent")
	}
}
