// Package docs reads the page that `make docs` makes of api/openapi.yaml as a reader does who has no network: in a
// browser. DOCS_PAGE names the page.
package docs

import (
	"bytes"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/etcdv2/client/tests/api/story"
	"github.com/etcdv2/client/tests/etcdtest"
	"github.com/etcdv2/client/tests/internal/description"
	"github.com/getkin/kin-openapi/openapi3"
)

func TestMain(m *testing.M) { etcdtest.VerifyNoLeaks(m) }

// text is what is to be read on the page.
const text = `document.body.innerText`

// alive is the condition that the page's script runs: only then can one search.
var alive = contains("Search Ctrl+K")

func TestFrontPage(t *testing.T) {
	b, page := openPage(t)
	seen := evaluate[string](t, b, text)
	for _, want := range append([]string{"etcd v2 HTTP API"}, headings(t)...) {
		if !strings.Contains(seen, want) {
			t.Errorf("it does not show %q", want)
		}
	}
	for _, group := range []string{"Keys", "Cluster", "Statistics", "Users and roles"} {
		if !slices.Contains(strings.Split(seen, "\n"), group) {
			t.Errorf("there is no group %q", group)
		}
	}
	b.shoot(t, page, "front")
	b.check(t)
}

// Each operation has a page, which says since when servers know it, and shows its path and samples.
func TestOperations(t *testing.T) {
	b, _ := openPage(t)
	model := description.Load(t)
	samples := story.Samples(model)
	for path, item := range model.Paths.Map() {
		for method, operation := range item.Operations() {
			b.visit(t, operation)
			b.await(t, contains(path)+"&&"+contains(method))
			b.await(t, contains("Since etcd "+strings.TrimSuffix(operation.Extensions["x-etcd-since"].(string), ".0")))
			for _, sample := range samples[operation.OperationID] {
				b.await(t, contains(sample.Curl+" # "+sample.Status))
			}
		}
	}
	b.check(t)
}

// The page of a PUT shows what the releases differ in, and examples of what is sent and received.
func TestOperationInDetail(t *testing.T) {
	b, page := openPage(t)
	b.visit(t, description.Load(t).Paths.Find("/v2/keys/{key}").Put)
	for _, want := range []string{
		"prevIndex", "noValueOnSuccess", "Since etcd 2.3.", "Since etcd 3.1.",
		"# a compare-and-swap", `# "prevNode": {`, "a set of a key that existed; createdIndex is new", `"createdIndex": 5`,
	} {
		b.await(t, contains(want))
	}
	b.shoot(t, page, "put")
	b.check(t)
}

func TestSearch(t *testing.T) {
	b, page := openPage(t)
	const found = "query parameters → prevIndex"
	if strings.Contains(evaluate[string](t, b, text), found) {
		t.Error("the front page shows the finding already, so that it means nothing")
	}
	b.do(t, chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.await(t, `document.activeElement.tagName == "INPUT"`)
	b.do(t, chromedp.KeyEvent("prevIndex"))
	b.await(t, contains(found))
	b.await(t, contains("/v2/keys/{key}"))
	b.shoot(t, page, "search")
	b.check(t)
}

// What is looked for on the page is found on one that has it.
func TestBrowserFindsWhatIsWrong(t *testing.T) {
	b := start(t)
	page := filepath.Join(t.TempDir(), "page.html")
	const wrong = `<img src="http://logo.example/x.svg"><script>console.error("spilt milk"); throw new Error("over it")</script>`
	if err := os.WriteFile(page, []byte(wrong), 0o644); err != nil {
		t.Fatal(err)
	}
	b.open(t, page, `document.readyState == "complete"`)
	findings := strings.Join(b.findings(), "\n")
	for _, want := range []string{"asks for http://logo.example/x.svg", "spilt milk", "over it", "ERR_NAME_NOT_RESOLVED"} {
		if !strings.Contains(findings, want) {
			t.Errorf("%q is not found, only\n%s", want, findings)
		}
	}
}

// openPage opens the page in a new browser.
func openPage(t *testing.T) (*browser, string) {
	t.Helper()
	page := os.Getenv("DOCS_PAGE")
	if page == "" {
		t.Skip("DOCS_PAGE names no page: make docs makes one and runs this test on it")
	}
	b := start(t)
	b.open(t, page, alive)
	return b, page
}

// visit goes where the sidebar's link for an operation leads.
func (b *browser) visit(t *testing.T, operation *openapi3.Operation) {
	t.Helper()
	place := "#/" + operation.Tags[0] + "/" + strings.ToLower(operation.OperationID)
	evaluate[string](t, b, `location.hash = "`+place+`"`)
	title := strings.ToUpper(operation.Summary[:1]) + operation.Summary[1:]
	b.await(t, `[...document.querySelectorAll("h2")].some(h => h.innerText.trim() == `+quoted(title)+`)`)
}

// check fails the test for what went wrong in the browser.
func (b *browser) check(t *testing.T) {
	t.Helper()
	for _, finding := range b.findings() {
		t.Errorf("the page %s", finding)
	}
}

// contains is the condition that the page shows a text; how it is broken into lines does not matter.
func contains(words string) string {
	words = strings.Join(strings.Fields(words), " ")
	return text + `.replace(/\s+/g, " ").includes(` + quoted(words) + `)`
}

func quoted(words string) string { return "`" + strings.ReplaceAll(words, `\`, `\\`) + "`" }

// headings returns those of the introduction.
func headings(t *testing.T) []string {
	t.Helper()
	var headings []string
	for line := range strings.Lines(description.Load(t).Info.Description) {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			headings = append(headings, strings.TrimSpace(heading))
		}
	}
	if len(headings) == 0 {
		t.Fatal("the introduction has no headings")
	}
	return headings
}

// checkPicture fails the test where a picture shows next to nothing.
func checkPicture(t *testing.T, data []byte) {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	colours := map[color.Color]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y++ {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x++ {
			colours[picture.At(x, y)] = true
		}
	}
	if len(colours) < 50 {
		t.Errorf("the picture has %d colours; a page with text has hundreds", len(colours))
	}
}
