"""Small images for tests, and ways of spoiling them."""

from __future__ import annotations

import copy
import json
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

DESCRIPTION, MAKE, MODEL, ORIENTATION = 0x010E, 0x010F, 0x0110, 0x0112
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286


def picture(width: int = 64, height: int = 48, *, seed: int = 0, mode: str = "RGB") -> Image.Image:
    """Stripes and a gradient, in colours that depend on the seed."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height))
    down = Image.linear_gradient("L").resize((width, height))
    flat = Image.new("L", (width, height), seed * 37 % 256)
    return Image.merge("RGB", (across, down, flat)).convert(mode)


def png(
    width: int = 64, height: int = 48, *, seed: int = 0, text: dict[str, str] | None = None
) -> bytes:
    info = PngInfo()
    for key, value in (text or {}).items():
        info.add_itxt(key, value)
    return saved(picture(width, height, seed=seed), "PNG", pnginfo=info)


def jpeg(
    width: int = 64,
    height: int = 48,
    *,
    seed: int = 0,
    tags: dict[int, Any] | None = None,
    comment: bytes | None = None,
) -> bytes:
    """``tags`` go to the root of EXIF, ``comment`` is the user comment with its prefix."""
    return saved(picture(width, height, seed=seed), "JPEG", exif=exif(tags, comment))


def webp(
    width: int = 64,
    height: int = 48,
    *,
    seed: int = 0,
    tags: dict[int, Any] | None = None,
    comment: bytes | None = None,
) -> bytes:
    return saved(picture(width, height, seed=seed), "WEBP", exif=exif(tags, comment))


def saved(image: Image.Image, format_: str, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def exif(tags: dict[int, Any] | None = None, comment: bytes | None = None) -> bytes:
    values = Image.Exif()
    for tag, value in (tags or {}).items():
        values[tag] = value
    if comment is not None:
        values.get_ifd(_EXIF_IFD)[_USER_COMMENT] = comment
    return values.tobytes() if tags or comment else b""


def unicode_comment(text: str, encoding: str = "utf-16-be") -> bytes:
    return b"UNICODE\0" + text.encode(encoding)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its right checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with another chunk behind its header."""
    return data[:33] + chunk(kind, body) + data[33:]


def png_bomb(width: int, height: int) -> bytes:
    """A small PNG file of a black image of any size."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width * 3)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def truncated(data: bytes, share: float = 0.6) -> bytes:
    """The first ``share`` of the bytes."""
    return data[: int(len(data) * share)]


A1111 = """\
a red bridge, (misty:1.2), <lora:film:0.8>
second line
Negative prompt: blurry, text
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567890, \
Size: 64x48, Model hash: abcdef1234, Model: dreamshaper_8, Version: v1.10.1"""

GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 42,
            "steps": 20,
            "cfg": 8.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base.st"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 48}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red bridge", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["8", 0]}},
}
WORKFLOW: dict[str, Any] = {"id": "0b8eb2a4-2c4f-4a55-9a3a-1f2f3a4b5c6d", "nodes": [], "links": []}
COMFYUI = {"prompt": json.dumps(GRAPH), "workflow": json.dumps(WORKFLOW)}

SWARMUI = json.dumps(
    {
        "sui_image_params": {
            "prompt": "a red bridge",
            "negativeprompt": "blurry",
            "model": "flux1-dev",
            "seed": 99,
            "steps": 20,
            "swarm_version": "0.9.6.0",
        },
        "sui_extra_data": {"date": "2025-01-01"},
    }
)
FOOOCUS = json.dumps(
    {
        "prompt": "a red bridge",
        "negative_prompt": "blurry",
        "base_model": "juggernautXL_v8",
        "base_model_hash": "aeb7e9e689",
        "guidance_scale": 4,
        "sampler": "dpmpp_2m_sde_gpu",
        "scheduler": "karras",
        "seed": "77",
        "sharpness": 2,
        "steps": 30,
        "version": "Fooocus v2.5.5",
    }
)
INVOKEAI = json.dumps(
    {
        "generation_mode": "sdxl_txt2img",
        "positive_prompt": "a red bridge",
        "negative_prompt": "blurry",
        "seed": 555,
        "model": {"key": "1-2", "name": "Juggernaut XL v9", "base": "sdxl", "type": "main"},
        "app_version": "5.4.3",
    }
)
INVOKEAI_DREAM = '"a red bridge [blurry]" -s 20 -S 31337 -W 64 -H 48 -C 7.5 -A k_euler'
NOVELAI = {
    "Title": "NovelAI generated image",
    "Description": "a red bridge",
    "Software": "NovelAI",
    "Source": "NovelAI Diffusion V4 37442FCA",
    "Comment": json.dumps(
        {"prompt": "a red bridge", "uc": "blurry", "seed": 9, "sampler": "k_euler", "steps": 28}
    ),
}


def graph_with(*nodes: tuple[str, str, dict[str, Any]], **inputs: Any) -> dict[str, str]:
    """The usual graph with more nodes, and other inputs of its sampler."""
    graph = copy.deepcopy(GRAPH)
    graph["3"]["inputs"].update(inputs)
    for id_, kind, own in nodes:
        graph[id_] = {"class_type": kind, "inputs": own}
    return {"prompt": json.dumps(graph)}
