module trainstack.dev/devcluster/tools/pause

go 1.24.0
