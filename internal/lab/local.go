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
	program := filepath.Join(l.folder, "local")
	if err := l.compile(ctx, program); err != nil {
		return err
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
	return said.explain("run of functions/local", run(ctx, c))
}

// compile builds functions/local, once.
func (l *Lab) compile(ctx context.Context, program string) error {
	if l.compiled {
		return nil
	}
	l.tell("building ./functions/local (a minute when the compiler sees the AWS SDK for the first time)")
	said := &tail{}
	c := exec.Command("go", "build", "-o", program, "./functions/local")
	c.Dir, c.Stdout, c.Stderr = l.root, said, said
	if err := said.explain("build ./functions/local", run(ctx, c)); err != nil {
		return err
	}
	l.compiled = true
	return nil
}
