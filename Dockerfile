# samewire in an image of its own: one static program, root certificates, nothing else. docs/install.md tells how to run it.
#   docker build -t samewire .                      compiles it in a container; wants a registry, for the image of Rust, and BuildKit
#   packaging/image-tree && docker build -t samewire --target prebuilt .      compiles it on this machine; wants neither

FROM scratch AS settings
ENV PATH=/usr/bin HOME=/state XDG_STATE_HOME=/state
ENTRYPOINT ["/usr/bin/samewire"]
CMD ["--help"]

FROM settings AS prebuilt
COPY target/image/root /
COPY --chown=65532:65532 target/image/own /
USER 65532:65532

FROM rust:1-slim AS build
WORKDIR /samewire
COPY . .
RUN packaging/image-tree /image

FROM settings
COPY --from=build /image/root /
COPY --from=build --chown=65532:65532 /image/own /
USER 65532:65532
