"""Prints the template that CloudFormation makes of a SAM template on the standard input, for a region."""

import json
import sys

import boto3
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

template = yaml_parse(sys.stdin.read())
# Where sam deploy puts what is local.
packaged = {"CodeUri": "s3://packaged/key", "DefinitionUri": "s3://packaged/key",
            "TemplateURL": "https://s3.amazonaws.com/packaged/key"}
for resource in template["Resources"].values():
    for name, uri in packaged.items():
        if name in resource["Properties"]:
            resource["Properties"][name] = uri
session = boto3.session.Session(region_name=sys.argv[1])
made = Translator({}, Parser(), boto_session=session).translate(template, {})
json.dump(made, sys.stdout, indent=1)
