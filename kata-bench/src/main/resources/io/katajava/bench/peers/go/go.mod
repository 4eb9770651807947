module kata-bench-peer

go 1.20

require github.com/digitalocean/go-qemu v0.0.0-20250212194115-ee9b0668d242

require (
	github.com/digitalocean/go-libvirt v0.0.0-20220804181439-8648fbde413e // indirect
	golang.org/x/sys v0.30.0 // indirect
)
