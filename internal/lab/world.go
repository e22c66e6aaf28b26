package lab

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

//go:embed seed.py
var seedScript string

// World is the AWS organization that seed.py has made, by its own account of it.
type World struct {
	Accounts  []Account  `json:"accounts"`
	Resources []Resource `json:"resources"`
	Secret    string     `json:"secret"` // the ARN of the one with Port's credentials
	Bucket    string     `json:"bucket"` // for the state of local runs; it is among the Resources
	Root      string     `json:"root"`   // of the organization
}

// Account is an account of the organization.
type Account struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Active bool   `json:"active"`
}

// Resource is something that AWS has in an account.
type Resource struct {
	Kind    string            `json:"kind"`
	Account string            `json:"account"`
	Region  string            `json:"region"`
	ID      string            `json:"id"` // an ARN or a native id, whichever is the entity's identifier
	Name    string            `json:"name"`
	Tags    map[string]string `json:"tags"`
	Facts   map[string]any    `json:"facts"` // what else the mapping reads
}

// Service is how signatures name the service of the resource: ec2.
func (r Resource) Service() string { return strings.ToLower(strings.Split(r.Kind, "::")[1]) }

// Account is the account of a name, which must exist.
func (w World) Account(name string) Account {
	return w.Accounts[slices.IndexFunc(w.Accounts, func(a Account) bool { return a.Name == name })]
}

// keep adds the state bucket of a stack, unless it is there.
func (w *World) keep(bucket string) {
	one := Resource{
		Kind: "AWS::S3::Bucket", Account: hub, Region: region, ID: "arn:aws:s3:::" + bucket, Name: bucket,
		Tags: map[string]string{}, Facts: map[string]any{"private": true},
	}
	if !slices.ContainsFunc(w.Resources, func(r Resource) bool { return r.ID == one.ID }) {
		w.Resources = append(w.Resources, one)
	}
}

// Seen is the world as somebody knows it who knew it as before and cannot see the blind part now.
func (w World) Seen(before World, blind func(Resource) bool) World {
	seen := w
	seen.Resources = slices.DeleteFunc(slices.Clone(w.Resources), blind)
	for _, r := range before.Resources {
		if blind(r) {
			seen.Resources = append(seen.Resources, r)
		}
	}
	return seen
}

// seed has seed.py do an act in the AWS at a URL and returns the world as it is then.
func seed(ctx context.Context, python, url, act string, before *World, tell func(string)) (*World, error) {
	secret, err := json.Marshal(map[string]string{
		"clientId": porttest.ClientID, "clientSecret": porttest.ClientSecret,
	})
	if err != nil {
		return nil, err
	}
	world, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	said := &tail{}
	c := exec.Command(python, "-I", "-c", seedScript, url, act)
	c.Env = alone("PORT_SECRET=" + string(secret))
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(world), &out, said
	if err := said.explain(act+" the organization", run(ctx, c)); err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(said.text)) {
		tell(strings.TrimSpace(line))
	}
	after := &World{}
	if err := json.Unmarshal(out.Bytes(), after); err != nil {
		return nil, fmt.Errorf("%s the organization: %w", act, err)
	}
	return after, nil
}

// Catalog is a content of Port: each entity as a line of JSON, by blueprint and identifier.
type Catalog map[string]string

// Catalog is what Port holds if it shows this world and no more. An account that is not active does
// not get an entity.
func (w World) Catalog() Catalog {
	c := Catalog{}
	for _, a := range w.Accounts {
		if a.Active {
			c.add("awsAccount", a.ID, map[string]any{"title": a.Name})
		}
	}
	for _, r := range w.Resources {
		properties := map[string]any{"region": r.Region, "tags": r.Tags}
		blueprint := ""
		switch r.Kind {
		case "AWS::S3::Bucket":
			blueprint = "s3Bucket"
			properties["blocksPublicAccess"] = r.Facts["private"]
		case "AWS::EC2::Instance":
			blueprint = "ec2Instance"
			properties["instanceType"], properties["state"] = r.Facts["type"], r.Facts["state"]
			properties["privateIp"] = r.Facts["privateIp"]
		case "AWS::ECS::Cluster":
			blueprint = "ecsCluster"
			properties["status"] = r.Facts["status"]
		case "AWS::SNS::Topic":
			blueprint = "snsTopic"
		}
		c.add(blueprint, r.ID, map[string]any{
			"title": r.Name, "properties": properties, "relations": map[string]any{"account": r.Account},
		})
	}
	return c
}

func (c Catalog) add(blueprint, identifier string, entity map[string]any) {
	entity["blueprint"], entity["identifier"] = blueprint, identifier
	line, err := json.Marshal(entity)
	if err != nil {
		panic(err) // it all came out of JSON
	}
	c[blueprint+" "+identifier] = string(line)
}

// Held is what a Port holds.
func Held(port *porttest.Server) (Catalog, error) {
	var entities []map[string]any
	if err := json.Unmarshal(port.Dump(), &entities); err != nil {
		return nil, fmt.Errorf("read what Port holds: %w", err)
	}
	c := Catalog{}
	for _, e := range entities {
		c.add(fmt.Sprint(e["blueprint"]), fmt.Sprint(e["identifier"]), e)
	}
	return c, nil
}

// Diff says what got has otherwise than c: lines that begin with "-" are missing there, those with
// "+" should not be there. It is "" of equal catalogs.
func (c Catalog) Diff(got Catalog) string {
	var b strings.Builder
	all := maps.Clone(c)
	maps.Copy(all, got)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if c[key] == got[key] {
			continue
		}
		if line, wanted := c[key]; wanted {
			b.WriteString("- " + line + "\n")
		}
		if line, there := got[key]; there {
			b.WriteString("+ " + line + "\n")
		}
	}
	return b.String()
}
