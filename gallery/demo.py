"""Draws pictures to fill a gallery with, as if generators had made them.

Nothing here is meant to look like a photograph: the pictures differ in shape, colour and
texture as those of a real gallery do, and carry the records that generators embed.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any, NamedTuple

from PIL import Image, ImageChops, ImageDraw, ImageOps
from PIL.PngImagePlugin import PngInfo

_SIZES = ((512, 512), (768, 512), (512, 768), (832, 1216), (1344, 768), (1024, 1024))
_PLAIN = 256  # textures are made at this size and stretched

_SUBJECTS = (
    "a lighthouse above a sea of clouds", "a fox asleep in fresh snow",
    "an old library with a glass roof", "a paper boat on a rain puddle",
    "a night market in the rain", "an astronaut tending a greenhouse",
    "안개 낀 새벽의 한옥 마을", "벚꽃이 흩날리는 강가의 기차역",
    "달빛 아래 춤추는 호랑이", "비 오는 서울 골목의 네온사인",
)  # fmt: skip
_STYLES = (
    "watercolour", "oil painting, thick strokes", "35mm film, soft grain", "isometric, pastel",
    "cinematic lighting, highly detailed", "수묵화, 여백의 미", "따뜻한 색감, 부드러운 빛",
)  # fmt: skip
_NEGATIVES = ("blurry, lowres, text, watermark", "worst quality, bad hands", "흐릿함, 워터마크")
_MODELS = ("sd_xl_base_1.0", "dreamshaper_8", "juggernautXL_v9", "flux1-dev", "animagine-xl-3.1")
_EXIF_IFD, _USER_COMMENT, _MAKE, _MODEL = 0x8769, 0x9286, 0x010F, 0x0110


class _Wish(NamedTuple):
    """What a picture was asked to be."""

    number: int
    width: int
    height: int
    prompt: str
    negative: str
    seed: int
    model: str
    steps: int


class _Output(NamedTuple):
    """How a generator hands a picture over: ``texts`` are a PNG's, ``exif`` the others'."""

    name: str
    format_: str
    texts: dict[str, str]
    exif: dict[int, Any]


def draw(number: int) -> tuple[str, bytes]:
    """A file name and a file, always the same ones for a number. Takes some 50 ms."""
    rng = random.Random(number)  # noqa: S311 - nothing here is a secret
    width, height = rng.choice(_SIZES)
    wish = _Wish(
        number=number,
        width=width,
        height=height,
        prompt=f"{rng.choice(_SUBJECTS)}, {rng.choice(_STYLES)}",
        negative=rng.choice(_NEGATIVES),
        seed=rng.getrandbits(50),
        model=rng.choice(_MODELS),
        steps=rng.choice((20, 25, 28, 30)),
    )
    output = rng.choice(_GENERATORS)(wish)
    return output.name, _file(_painting(rng, (width, height)), output)


def _painting(rng: random.Random, size: tuple[int, int]) -> Image.Image:
    texture = rng.choice((_fractal, _waves, _clouds))(rng)
    sky = ImageChops.blend(texture, Image.linear_gradient("L"), rng.uniform(0.3, 0.7))
    colours = [f"hsl({rng.randrange(360)}, {rng.randrange(35, 90)}%, {light}%)" for light in
               (rng.randrange(8, 25), rng.randrange(40, 60), rng.randrange(75, 95))]  # fmt: skip
    picture = ImageOps.colorize(sky, colours[0], colours[2], mid=colours[1])
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    _shapes(rng, picture)
    return picture


def _fractal(rng: random.Random) -> Image.Image:
    x, y, reach = rng.uniform(-1.4, -0.1), rng.uniform(-0.8, 0.8), rng.uniform(0.05, 0.6)
    extent = (x - reach, y - reach, x + reach, y + reach)
    return Image.effect_mandelbrot((_PLAIN, _PLAIN), extent, 60).convert("L")


def _waves(rng: random.Random) -> Image.Image:
    ring = Image.radial_gradient("L").point([(value * 5) % 256 for value in range(256)])
    moved = ImageChops.offset(ring, rng.randrange(_PLAIN), rng.randrange(_PLAIN))
    return ImageChops.difference(moved, Image.linear_gradient("L").rotate(90))


def _clouds(rng: random.Random) -> Image.Image:
    """Noise of several scales laid over each other, from a generator that has a seed."""
    clouds = Image.new("L", (_PLAIN, _PLAIN), 128)
    for side, weight in ((4, 0.5), (12, 0.4), (48, 0.25)):
        noise = Image.frombytes("L", (side, side), rng.randbytes(side * side))
        layer = noise.resize(clouds.size, Image.Resampling.BICUBIC)
        clouds = ImageChops.blend(clouds, layer, weight)
    return clouds


def _shapes(rng: random.Random, picture: Image.Image) -> None:
    """A sun or moon, and hills before it."""
    pen = ImageDraw.Draw(picture)
    width, height = picture.size
    radius = min(width, height) * rng.uniform(0.05, 0.18)
    x, y = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.15, 0.45)
    light = f"hsl({rng.randrange(360)}, 60%, 88%)"
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=light)
    hue = rng.randrange(360)
    for layer in range(3):
        base = height * (0.65 + 0.12 * layer)
        step = width / 6
        ridge = [(step * at, base - rng.uniform(0, height * 0.15)) for at in range(7)]
        colour = f"hsl({hue}, 40%, {34 - 10 * layer}%)"
        pen.polygon([(0, height), *ridge, (width, height)], fill=colour)


def _file(picture: Image.Image, output: _Output) -> bytes:
    buffer = BytesIO()
    if output.format_ == "PNG":
        info = PngInfo()
        for key, text in output.texts.items():
            info.add_itxt(key, text)
        picture.save(buffer, "PNG", compress_level=1, pnginfo=info)
        return buffer.getvalue()
    exif = Image.Exif()
    for tag, value in output.exif.items():
        holder = exif.get_ifd(_EXIF_IFD) if tag == _USER_COMMENT else exif
        holder[tag] = value
    speed = {"method": 0} if output.format_ == "WEBP" else {}
    picture.save(buffer, output.format_, quality=88, exif=exif, **speed)
    return buffer.getvalue()


def _comfyui(wish: _Wish) -> _Output:
    texts = {"prompt": json.dumps(_graph(wish)), "workflow": json.dumps(_workflow(wish))}
    return _Output(f"ComfyUI_{wish.number:05}_.png", "PNG", texts, {})


def _comfyui_webp(wish: _Wish) -> _Output:
    exif = {
        _MAKE: "workflow:" + json.dumps(_workflow(wish)),
        _MODEL: "prompt:" + json.dumps(_graph(wish)),
    }
    return _Output(f"ComfyUI_{wish.number:05}_.webp", "WEBP", {}, exif)


def _graph(wish: _Wish) -> dict[str, Any]:
    sampler = {
        "seed": wish.seed, "steps": wish.steps, "cfg": 6.5, "sampler_name": "dpmpp_2m",
        "scheduler": "karras", "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0],
        "negative": ["7", 0], "latent_image": ["5", 0],
    }  # fmt: skip
    latent = {"width": wish.width, "height": wish.height, "batch_size": 1}
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "3": ("KSampler", sampler),
        "4": ("CheckpointLoaderSimple", {"ckpt_name": f"{wish.model}.safetensors"}),
        "5": ("EmptyLatentImage", latent),
        "6": ("CLIPTextEncode", {"text": wish.prompt, "clip": ["4", 1]}),
        "7": ("CLIPTextEncode", {"text": wish.negative, "clip": ["4", 1]}),
        "8": ("VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
        "9": ("SaveImage", {"filename_prefix": "ComfyUI", "images": ["8", 0]}),
    }
    return {id: {"class_type": kind, "inputs": own} for id, (kind, own) in nodes.items()}


def _workflow(wish: _Wish) -> dict[str, Any]:
    """The same few workflows again and again, as people use them."""
    return {"id": str(uuid.UUID(int=wish.number % 7, version=4)), "nodes": [], "links": []}


def _a1111_text(wish: _Wish) -> str:
    return (
        f"{wish.prompt}\nNegative prompt: {wish.negative}\n"
        f"Steps: {wish.steps}, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, "
        f"Seed: {wish.seed}, Size: {wish.width}x{wish.height}, Model: {wish.model}, "
        "Version: v1.10.1"
    )


def _a1111(wish: _Wish) -> _Output:
    name = f"{wish.number:05}-{wish.seed}.png"
    return _Output(name, "PNG", {"parameters": _a1111_text(wish)}, {})


def _a1111_jpeg(wish: _Wish) -> _Output:
    comment = b"UNICODE\0" + _a1111_text(wish).encode("utf-16-be")
    name = f"{wish.number:05}-{wish.seed}.jpg"
    return _Output(name, "JPEG", {}, {_USER_COMMENT: comment})


def _invokeai(wish: _Wish) -> _Output:
    record = {
        "generation_mode": "txt2img", "positive_prompt": wish.prompt,
        "negative_prompt": wish.negative, "seed": wish.seed, "steps": wish.steps,
        "width": wish.width, "height": wish.height, "scheduler": "dpmpp_2m_k",
        "model": {"name": wish.model, "base": "sdxl", "type": "main"}, "app_version": "5.6.0",
    }  # fmt: skip
    name = f"{uuid.UUID(int=wish.seed, version=4)}.png"
    return _Output(name, "PNG", {"invokeai_metadata": json.dumps(record)}, {})


def _swarmui(wish: _Wish) -> _Output:
    params = {
        "prompt": wish.prompt, "negativeprompt": wish.negative, "model": wish.model,
        "seed": wish.seed, "steps": wish.steps, "width": wish.width, "height": wish.height,
        "swarm_version": "0.9.6.0",
    }  # fmt: skip
    text = json.dumps({"sui_image_params": params}, ensure_ascii=False)
    return _Output(f"swarm-{wish.model}-{wish.seed}.png", "PNG", {"parameters": text}, {})


def _fooocus(wish: _Wish) -> _Output:
    record = {
        "prompt": wish.prompt, "negative_prompt": wish.negative, "base_model": wish.model,
        "base_model_hash": "aeb7e9e689", "guidance_scale": 4, "sampler": "dpmpp_2m_sde_gpu",
        "scheduler": "karras", "seed": str(wish.seed), "sharpness": 2, "steps": wish.steps,
        "version": "Fooocus v2.5.5",
    }  # fmt: skip
    texts = {"parameters": json.dumps(record), "fooocus_scheme": "fooocus"}
    return _Output(f"2025-03-14_09-26-53_{wish.number % 10000:04}.png", "PNG", texts, {})


def _novelai(wish: _Wish) -> _Output:
    record = {"prompt": wish.prompt, "uc": wish.negative, "seed": wish.seed % 2**32,
              "steps": wish.steps, "scale": 5.0, "sampler": "k_euler_ancestral"}  # fmt: skip
    texts = {
        "Title": "NovelAI generated image", "Description": wish.prompt, "Software": "NovelAI",
        "Source": "NovelAI Diffusion V4 37442FCA", "Comment": json.dumps(record),
    }  # fmt: skip
    return _Output(f"{wish.prompt[:30].rstrip(' ,')} s-{wish.seed % 2**32}.png", "PNG", texts, {})


# ComfyUI and A1111 more often than the others, as people use them.
_GENERATORS: tuple[Callable[[_Wish], _Output], ...] = (
    _comfyui, _comfyui, _comfyui, _comfyui_webp, _a1111, _a1111, _a1111_jpeg,
    _invokeai, _swarmui, _fooocus, _novelai,
)  # fmt: skip
