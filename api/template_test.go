package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// upstream is the SHA-256 of the template that client.tmpl takes the place of, in the release of the generator
// that tools.go names.
const upstream = "393820c177b1bcd8a7ae8a39099b4cab95209964bd17d79cb12534f7a65d677c"

// generator finds the generator's module and version in tools.go.
var generator = regexp.MustCompile(`"(\S+)/cmd/oapi-codegen(@\S+)"`)

// Templates of one's own are not covered by the generator's promises: what they are given may change with any
// release. So a new upstream template has to be compared with the old one, and client.tmpl to follow.
func TestUpstreamTemplateIsTheOneReplaced(t *testing.T) {
	tools, err := os.ReadFile(filepath.FromSlash("../tools.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := generator.FindSubmatch(tools)
	if found == nil {
		t.Fatal("tools.go does not name the generator")
	}
	out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", string(found[1])+string(found[2])).Output()
	if err != nil {
		t.Fatal(err)
	}
	var module struct{ Dir, Version string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(module.Dir, "pkg", "codegen", "templates", "client.tmpl")
	template, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(template); hex.EncodeToString(sum[:]) != upstream {
		t.Errorf("%s of %s has changed, its SHA-256 is %x: see whether client.tmpl has to follow, and note the new sum", path, module.Version, sum)
	}
}
