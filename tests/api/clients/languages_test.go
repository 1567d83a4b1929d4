package clients_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a program may take; they take a second.
const patience = time.Minute

// A language is how a client in it is built and used. The commands that generate and compile the client are those of
// docs/other-languages.md. They run in the language's directory, which is copied to the build folder first.
type language struct {
	name    string
	title   string   // its section in the document
	example string   // the file that the document shows
	tools   []string // must be in the path
	run     func(program string, args ...string) []string
}

var languages = []language{
	{
		name:    "typescript",
		title:   "TypeScript",
		example: "src/example.ts",
		tools:   []string{"node", "npm"},
		run: func(program string, args ...string) []string {
			return append([]string{"node", "dist/" + program + ".js"}, args...)
		},
	},
	{
		name:    "python",
		title:   "Python",
		example: "example.py",
		tools:   []string{"python3"},
		run: func(program string, args ...string) []string {
			return append([]string{".venv/bin/python", "-u", program + ".py"}, args...)
		},
	},
	{
		name:    "java",
		title:   "Java",
		example: "src/main/java/Example.java",
		tools:   []string{"java", "javac", "mvn"},
		run: func(program string, args ...string) []string {
			class := strings.ToUpper(program[:1]) + program[1:]
			return append([]string{"java", "-Dfile.encoding=UTF-8", "-cp", "target/classes:target/dependency/*", class}, args...)
		},
	},
	{
		name:    "rust",
		title:   "Rust",
		example: "src/bin/example.rs",
		tools:   []string{"cargo", "rustc"},
		run: func(program string, args ...string) []string {
			return append([]string{"target/debug/" + program}, args...)
		},
	},
}

// missing names the first tool that is not in the path.
func (l language) missing() string {
	for _, tool := range l.tools {
		if _, err := exec.LookPath(tool); err != nil {
			return tool
		}
	}
	return ""
}

// root is the root of the repository.
var root = filepath.Join("..", "..", "..")

// dir is where the language is built.
func (l language) dir() string { return filepath.Join(root, "build", "api", "clients", l.name) }

// prepare generates the client and compiles what uses it, as a reader of the document does. What it fetched once stays
// in the build folder.
func (l language) prepare(ctx context.Context) error {
	commands, err := l.commands()
	if err != nil {
		return err
	}
	if err := copyChanged(l.dir(), l.name); err != nil {
		return err
	}
	if err := copyChanged(filepath.Join(l.dir(), "api"), filepath.Join(root, "api")); err != nil {
		return err
	}
	for _, command := range commands {
		if out, err := l.command(ctx, []string{"sh", "-c", command}).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", command, err, out)
		}
	}
	return nil
}

// section returns the language's section of docs/other-languages.md.
func (l language) section() (string, error) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "other-languages.md"))
	if err != nil {
		return "", err
	}
	_, section, found := strings.Cut(string(page), "\n## "+l.title+"\n")
	if !found {
		return "", fmt.Errorf("docs/other-languages.md has no section %s", l.title)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	return section, nil
}

// commands returns the commands of the language's section, one a line.
func (l language) commands() ([]string, error) {
	section, err := l.section()
	if err != nil {
		return nil, err
	}
	_, block, found := strings.Cut(section, "\n```sh\n")
	block, _, ended := strings.Cut(block, "\n```\n")
	if !found || !ended {
		return nil, fmt.Errorf("docs/other-languages.md has no commands for %s", l.title)
	}
	return strings.Split(block, "\n"), nil
}

// output runs the scenario or the example and returns what it printed, also when it failed. One that hangs is ended, so
// that its other steps and the other languages are seen.
func (l language) output(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := l.command(ctx, l.run(program, args...))
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = fmt.Errorf("%w\n%s", err, exit.Stderr)
	}
	return string(out), err
}

func (l language) command(ctx context.Context, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = l.dir()
	return cmd
}
