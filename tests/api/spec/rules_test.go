package spec

import "regexp"

// A rule is a promise the document makes, and a breach of it that the check must find.
type rule struct {
	name   string
	check  func(document) []finding
	breach breach
}

// A finding says which place breaks a rule, and how.
type finding struct{ pointer, text string }

// A breach turns the old text of the document into the new one, which breaks a rule at the pointer.
type breach struct{ old, new, pointer string }

// Kinds of places, as patterns of their JSON pointers.
var (
	operations = regexp.MustCompile(`^/paths/[^/]+/(get|head|put|post|delete|options|patch|trace)$`)
	parameters = regexp.MustCompile(`/parameters/[^/]+$`)
	bodies     = regexp.MustCompile(`/requestBody$|/requestBodies/[^/]+$`)
	responses  = regexp.MustCompile(`/responses/[^/]+$`)
	headers    = regexp.MustCompile(`/headers/[^/]+$`)
	schemas    = regexp.MustCompile(`^/components/schemas/[^/]+$`)
	properties = regexp.MustCompile(`/properties/[^/]+$`)
	formFields = regexp.MustCompile(`^/components/schemas/\w+(Form|Request)/properties/[^/]+$`)
	jsonBodies = regexp.MustCompile(`/content/application~1json$`)
	examples   = regexp.MustCompile(`^/components/examples/[^/]+$`)
	tags       = regexp.MustCompile(`^/tags/[^/]+$`)
	security   = regexp.MustCompile(`^/components/securitySchemes/[^/]+$`)
	everything = regexp.MustCompile(``)
)

var rules = []rule{
	{
		name:   "is valid OpenAPI and its examples fit",
		check:  valid,
		breach: breach{"node: {key: /nodes/n1, value: 10.0.0.7,", "node: {key: /nodes/n1, value: 7,", ""},
	},
	{
		name:   "is valid where lists come in two shapes",
		check:  valid,
		breach: breach{"value: {users: [app, new]}", "value: {users: [app, 1]}", ""},
	},
	{
		name:   "is valid where bodies are JSON",
		check:  valid,
		breach: breach{"value: {user: app, grant: [writers]}", "value: {user: app, grant: writers}", ""},
	},
	{
		name:  "JSON bodies have examples",
		check: hasExamples,
		breach: breach{
			"schemas/AuthStatus'}\n          examples",
			"schemas/AuthStatus'}\n          x-etcd-lost",
			"/components/responses/AuthStatus/content/application~1json",
		},
	},
	{
		name:  "examples are used",
		check: usedExamples,
		breach: breach{
			"$ref: '#/components/examples/AuthOn'",
			"$ref: '#/components/examples/AuthOff'",
			"/components/examples/AuthOn",
		},
	},
	{
		name:  "operations are described",
		check: has("description", operations),
		breach: breach{
			"      description: |\n        Works like `postKey`",
			"      x-etcd-lost: |\n        ",
			"/paths/~1v2~1keys~1/post",
		},
	},
	{
		name:   "operations have a summary",
		check:  has("summary", operations),
		breach: breach{"summary: returns the leader\n", "summary: ' '\n", "/paths/~1v2~1members~1leader/get"},
	},
	{
		name:   "operations have an id of their own",
		check:  uniqueIDs,
		breach: breach{"operationId: getVersion", "operationId: getRoot", "/paths/~1version/get"},
	},
	{
		name:  "parameters are described",
		check: has("description", parameters),
		breach: breach{
			"name: wait\n      in: query\n      description",
			"name: wait\n      in: query\n      x-etcd-lost",
			"/components/parameters/Wait",
		},
	},
	{
		name:  "request bodies are described",
		check: has("description", bodies),
		breach: breach{
			"    Post:\n      description",
			"    Post:\n      x-etcd-lost",
			"/components/requestBodies/Post",
		},
	},
	{
		name:  "responses are described",
		check: has("description", responses),
		breach: breach{
			"description: |\n        The server has the v2 API.",
			"description: ''",
			"/components/responses/MachinesPresent",
		},
	},
	{
		name:  "headers are described",
		check: has("description", headers),
		breach: breach{
			"    Location:\n      description",
			"    Location:\n      x-etcd-lost",
			"/components/headers/Location",
		},
	},
	{
		name:  "schemas are described",
		check: has("description", schemas),
		breach: breach{
			"    Member:\n      type: object\n      description",
			"    Member:\n      type: object\n      x-etcd-lost",
			"/components/schemas/Member",
		},
	},
	{
		name:  "properties are described",
		check: has("description", properties),
		breach: breach{
			"        id:\n          type: string\n          description",
			"        id:\n          type: string\n          x-etcd-lost",
			"/components/schemas/Member/properties/id",
		},
	},
	{
		name:   "tags are described",
		check:  has("description", tags),
		breach: breach{"  - name: cluster\n    description", "  - name: cluster\n    x-etcd-lost", "/tags/1"},
	},
	{
		name:  "security schemes are described",
		check: has("description", security),
		breach: breach{
			"scheme: basic\n      description",
			"scheme: basic\n      x-etcd-lost",
			"/components/securitySchemes/basicAuth",
		},
	},
	{
		name:  "examples have a summary",
		check: has("summary", examples),
		breach: breach{
			"    QuietSet:\n      summary",
			"    QuietSet:\n      x-etcd-lost",
			"/components/examples/QuietSet",
		},
	},
	{
		name:   "operations say since when",
		check:  hasRelease(operations),
		breach: breach{"x-etcd-since: 2.0.0\n      responses", "responses", "/paths/~1v2~1members/get"},
	},
	{
		name:   "parameters say since when",
		check:  hasRelease(parameters),
		breach: breach{"x-etcd-since: 0.4.6", "x-etcd-since: '0.4'", "/components/parameters/Quorum"},
	},
	{
		name:   "form fields say since when",
		check:  hasRelease(formFields),
		breach: breach{"x-etcd-since: 2.3.0", "x-etcd-lost: 2.3.0", "/components/schemas/PutForm/properties/refresh"},
	},
	{
		name:  "statuses are numbers",
		check: numberedStatuses,
		breach: breach{
			"'404': {$ref: '#/components/responses/KeyNotFound'}",
			"default: {$ref: '#/components/responses/KeyNotFound'}",
			"/paths/~1v2~1keys~1{key}/get/responses/default",
		},
	},
	{
		name:  "errors have one schema",
		check: oneError,
		breach: breach{
			"schema: {$ref: '#/components/schemas/EtcdError'}\n          examples:\n            Electing",
			"schema: {type: object}\n          examples:\n            Electing",
			"/paths/~1v2~1leader/get/responses/500",
		},
	},
	{
		name:  "extensions belong to etcd",
		check: ownExtensions,
		breach: breach{
			"        modifiedIndex:\n          type",
			"        modifiedIndex:\n          x-go-type: uint64\n          type",
			"/components/schemas/Node/properties/modifiedIndex",
		},
	},
	{
		name:  "limits are said in words",
		check: noLimits,
		breach: breach{
			"minimum: 0}\n      example: 6",
			"maximum: 9}\n      example: 6",
			"/components/parameters/WaitIndex/schema",
		},
	},
	{
		name:   "anchors are not used",
		check:  noAnchors,
		breach: breach{"  parameters:\n    Key:", "  parameters: &all\n    Key:", ""},
	},
}
