// Command checkmapping checks a mapping's file without AWS and without Port.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/port-aws-sync/port-aws-sync/functions"
)

func main() {
	file := flag.String("file", "", "the mapping, YAML or JSON")
	sample := flag.String("sample", "", "raw resources, JSON, of which to show the entities")
	flag.Parse()
	if err := functions.CheckMapping(os.Stdout, *file, *sample); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
