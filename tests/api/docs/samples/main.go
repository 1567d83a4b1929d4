// Command samples prints the samples of package story as JSON. `make docs` puts them into the reference.
package main

import (
	"encoding/json"
	"log"
	"os"

	"github.com/etcdv2/client/api"
	"github.com/etcdv2/client/tests/api/story"
	"github.com/getkin/kin-openapi/openapi3"
)

func main() {
	model, err := openapi3.NewLoader().LoadFromData(api.Spec())
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(story.Samples(model)); err != nil {
		log.Fatal(err)
	}
}
