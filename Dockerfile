# The gallery server with both extras. docs/operations.md says how to run it; a test compares
# this file with the package.

# Some of what it needs may have to be compiled, which the slim image cannot do. Node, which the
# pages are built with, comes from PyPI and stays in this stage.
FROM python:3.11-trixie AS build
WORKDIR /src
COPY pyproject.toml hatch_build.py README.md ./
COPY gallery gallery
COPY migrate migrate
RUN python -m venv /opt/gallery \
    && /opt/gallery/bin/pip install --no-cache-dir '.[s3,postgres]'

FROM python:3.11-slim-trixie
RUN useradd --system --uid 10001 --home-dir /data gallery \
    && install --directory --owner=gallery --group=gallery /data
COPY --from=build /opt/gallery /opt/gallery
ENV PATH=/opt/gallery/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GALLERY_HOST=0.0.0.0 \
    GALLERY_OUTPUTS=/data/outputs \
    GALLERY_MANIFESTS=/data/manifests
USER gallery
WORKDIR /data
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["gallery"]
CMD ["serve"]
