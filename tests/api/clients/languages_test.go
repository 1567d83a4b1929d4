package clients_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// patience is how long a program may take; they take a second.
const patience = time.Minute

// A language is how a client in it is generated, built and used. Commands run in the language's directory, which is
// copied to the build folder first.
type language struct {
	name    string
	example string     // the file that the README shows
	tools   []string   // must be in the path
	build   [][]string // generates and compiles the client, the scenario and the example
	run     func(program string, args ...string) []string
}

var languages = []language{
	{
		name:    "typescript",
		example: "src/example.ts",
		tools:   []string{"node", "npm"},
		build:   [][]string{{"npm", "install", "--silent"}, {"npm", "run", "--silent", "build"}},
		run: func(program string, args ...string) []string {
			return append([]string{"node", "dist/" + program + ".js"}, args...)
		},
	},
	{
		name:    "python",
		example: "example.py",
		tools:   []string{"python3"},
		build: [][]string{
			{"python3", "-m", "venv", ".venv"},
			{".venv/bin/pip", "install", "--quiet", "-r", "requirements.txt"},
			{
				".venv/bin/openapi-python-client", "generate", "--path", "../../../../api/openapi.yaml", "--config", "config.yaml",
				"--meta", "none", "--output-path", "etcd_v2", "--overwrite", "--fail-on-warning",
			},
		},
		run: func(program string, args ...string) []string {
			return append([]string{".venv/bin/python", "-u", program + ".py"}, args...)
		},
	},
	{
		name:    "java",
		example: "src/main/java/Example.java",
		tools:   []string{"java", "javac", "mvn"},
		build:   [][]string{{"mvn", "-B", "-q", "compile"}},
		run: func(program string, args ...string) []string {
			class := strings.ToUpper(program[:1]) + program[1:]
			return append([]string{"java", "-Dfile.encoding=UTF-8", "-cp", "target/classes:target/dependency/*", class}, args...)
		},
	},
	{
		name:    "rust",
		example: "src/bin/example.rs",
		tools:   []string{"cargo", "rustc"},
		build:   [][]string{{"cargo", "build", "--quiet"}},
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

// dir is where the language is built: as deep in the repository as where it is copied from, so that paths to
// api/openapi.yaml hold in both places.
func (l language) dir() string {
	return filepath.Join("..", "..", "..", "build", "api", "clients", l.name)
}

// prepare generates the client and compiles what uses it. What it fetched once stays in the build folder.
func (l language) prepare(ctx context.Context) error {
	if err := copyChanged(l.dir(), l.name); err != nil {
		return err
	}
	for _, command := range l.build {
		if out, err := l.command(ctx, command).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	return nil
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
