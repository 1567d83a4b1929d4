package docs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium with one tab, and what went wrong in it.
type browser struct {
	ctx context.Context

	mu    sync.Mutex
	wrong []string
}

// start starts a browser that can reach no host by name. It skips the test where none is installed.
func start(t *testing.T) *browser {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(executable(t)),
		chromedp.WindowSize(1440, 1000),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.Flag("disable-component-update", true),
	)
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which refuses to run for root
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	b := &browser{ctx: ctx}
	if err := chromedp.Listen(ctx, b.note); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func executable(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium here: install the package chromium (apt-get install chromium) to run this test")
	return ""
}

// note keeps what must not happen on a page that needs nobody: requests that leave it, and errors.
func (b *browser) note(event any) {
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		if scheme, _, _ := strings.Cut(event.Request.URL, ":"); !slices.Contains([]string{"file", "blob", "data"}, scheme) {
			b.add("asks for %s", event.Request.URL)
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError {
			b.add("logs: %s", event.Entry.Text)
		}
	case *runtime.EventConsoleAPICalled:
		if event.Type == runtime.ConsoleAPICalledTypeError {
			b.add("logs: %s", texts(event.Args))
		}
	case *runtime.EventExceptionThrown:
		b.add("throws: %s %s", event.ExceptionDetails.Text, texts([]*runtime.RemoteObject{event.ExceptionDetails.Exception}))
	}
}

func (b *browser) add(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

func (b *browser) findings() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.wrong)
}

func texts(objects []*runtime.RemoteObject) string {
	var words []string
	for _, o := range objects {
		if o != nil {
			words = append(words, string(o.Value)+o.Description)
		}
	}
	return strings.Join(words, " ")
}

// open loads a file and waits until condition, an expression of JavaScript, holds.
func (b *browser) open(t *testing.T, path, condition string) {
	t.Helper()
	b.do(t, chromedp.Navigate("file://"+path))
	b.await(t, condition)
}

func (b *browser) await(t *testing.T, condition string) {
	t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+condition+")")); err != nil {
		t.Fatalf("waited for %s: %v", condition, err)
	}
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// evaluate returns what an expression of JavaScript comes to.
func evaluate[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// shoot writes what is to be seen to a file beside the page.
func (b *browser) shoot(t *testing.T, page, name string) {
	t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(filepath.Dir(page), name+".png")
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s shows it", path)
	checkPicture(t, picture)
}
