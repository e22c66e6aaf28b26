package lab

import (
	"context"
	"io"
	"os/exec"
	"path/filepath"
)

// Run does one run with functions/local, without the stack, with further settings such as APPLY=1. It
// writes the run's report to out. An error holds the end of its log.
func (l *Lab) Run(ctx context.Context, out io.Writer, settings ...string) error {
	_, err := l.command(ctx, "local", out, settings)
	return err
}

// Doctor looks at what Run would meet, or with STACK at a stack, with functions/doctor. It writes what that finds
// to out and gives its exit code.
func (l *Lab) Doctor(ctx context.Context, out io.Writer, settings ...string) (code int, err error) {
	code, err = l.command(ctx, "doctor", out, settings)
	if code == 1 { // it has found a problem
		err = nil
	}
	return code, err
}

// command runs one of the functions that are commands.
func (l *Lab) command(ctx context.Context, name string, out io.Writer, settings []string) (code int, err error) {
	program := filepath.Join(l.folder, name)
	if err := l.compile(ctx, name, program); err != nil {
		return 0, err
	}
	ctx, done := l.patiently(ctx)
	defer done()
	said := &tail{}
	c := exec.Command(program)
	c.Dir, c.Stdout, c.Stderr = l.folder, out, said
	c.Env = append(alone(
		"AWS_ENDPOINT_URL="+l.awsURL, "AWS_REGION="+region,
		"AWS_ACCESS_KEY_ID=hub", "AWS_SECRET_ACCESS_KEY=secret",
		"MEMBER_ROLE_NAME="+localRole, "EXTERNAL_ID="+externalID,
		"PORT_BASE_URL="+l.portURL, "PORT_SECRET_ARN="+l.World.Secret,
		"INTEGRATION_IDENTIFIER="+integration, "STATE_BUCKET="+l.World.Bucket,
	), settings...)
	err = said.explain("run of functions/"+name, run(ctx, c))
	return c.ProcessState.ExitCode(), err
}

// compile builds a function that is a command, once.
func (l *Lab) compile(ctx context.Context, name, program string) error {
	if l.compiled[name] {
		return nil
	}
	l.tell("building ./functions/" + name + " (a minute when the compiler sees the AWS SDK for the first time)")
	said := &tail{}
	c := exec.Command("go", "build", "-o", program, "./functions/"+name)
	c.Dir, c.Stdout, c.Stderr = l.root, said, said
	if err := said.explain("build ./functions/"+name, run(ctx, c)); err != nil {
		return err
	}
	l.compiled[name] = true
	return nil
}
